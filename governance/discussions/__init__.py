"""What people say to each other about a question: threads, remarks of reviewers, and questions handed to a colleague."""
