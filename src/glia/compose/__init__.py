"""Floor 6: the composition root: a recipe and a table become a bundle."""
