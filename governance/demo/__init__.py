"""The demonstration: believable projects and their story, built through the services so that the ledger tells it."""
