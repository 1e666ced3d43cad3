"""Floor 2: schema and rows, honest splits, and checks of the data before anything is trained."""
