"""AI-ethics governance: screenings, reviews, decisions, their ledger and their reports."""

__version__ = "0.1.0"
