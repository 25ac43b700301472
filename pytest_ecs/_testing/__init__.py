"""What tests work with: the fixtures, recipes driven and refused, claims, supplies and properties."""
