"""Rules of the discarded APIs (chapter 11)."""
