"""Requests and answers: targets, credentials, authentication, the client, and what was exchanged as plain data."""
