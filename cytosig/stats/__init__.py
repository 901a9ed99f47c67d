"""Closed-form permutation statistics, on plain arrays."""
