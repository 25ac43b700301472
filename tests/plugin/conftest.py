"""Loads what the plugin imports late, once: pytester's in-process runs forget modules, and C extensions cannot be loaded twice."""
