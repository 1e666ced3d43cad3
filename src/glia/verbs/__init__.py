"""Floor 7: what can be done with a bundle; verbs are thin and never import each other."""
