"""What it tells us: the work that waits for each person, across all features."""
