"""What is asked: the framework and its questionnaires as versioned, immutable documents."""
