"""Requests to send: recipes, what is derived from them, and what is generated from the contract."""
