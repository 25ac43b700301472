"""Rules of IAM (4.1, 4.2, 10.2)."""
