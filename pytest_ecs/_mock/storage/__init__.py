"""Disks and snapshots, and what is attached to what."""
