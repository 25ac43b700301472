"""What there is, and how it changes in time."""
