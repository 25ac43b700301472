"""Rules of the ECS APIs (chapter 5)."""
