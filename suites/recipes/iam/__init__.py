"""Recipes of IAM."""
