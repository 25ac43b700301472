"""Servers: how they are made, shown, changed and taken away, and the jobs that tell of it."""
