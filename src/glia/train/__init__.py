"""Floor 3: the only training loop, and shelves of optimizers, schedules, steps and remedies."""
