"""Authoring: drafts of questionnaires edited, previewed, compared, tried on past cases and published on pages alone."""
