"""What was answered: screenings, their answers and ratings, the score, and the frozen snapshot of what was submitted."""
