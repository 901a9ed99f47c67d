"""What blocking, or activating, something would change in the balance of samples: arithmetic.

A form of a ligand or receptor that loses a subunit is gone; the share of the signal that went
through it is taken off the cytokine's activity; the balance is read again.
"""
