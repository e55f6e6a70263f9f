"""Learning: danger prediction training (KYT) at the workplace, and training with its validity; never part of a score (domain.md §2)."""
