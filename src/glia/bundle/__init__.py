"""Floor 5: all that the rest needs of a run, a sealed folder of safetensors and JSON without any pickle."""
