"""The verifier of issued reports: one file that an auditor can take away and run without this service."""
