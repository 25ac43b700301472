"""One run: options, sessions, the processes of it, selection, coverage and waivers."""
