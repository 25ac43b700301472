"""Recipes of the ECS APIs (chapter 5); a module for each file of schemas/ecs."""
