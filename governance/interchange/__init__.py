"""Interchange: questionnaires and answers in and out of the formats that people and other products use."""
