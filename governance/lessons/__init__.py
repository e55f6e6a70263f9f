"""Lessons: what a KYT session found goes into cases and questionnaires, and its sheets are printed."""
