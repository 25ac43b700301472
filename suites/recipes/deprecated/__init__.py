"""Recipes of the discarded APIs (chapter 11); a module for each file of schemas/deprecated."""
