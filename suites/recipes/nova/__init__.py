"""Recipes of the native OpenStack Nova APIs (chapter 6); a module for each file of schemas/nova."""
