"""Floor 3: the only training loop, and the shelves it takes optimizers, schedules, steps and remedies from."""
