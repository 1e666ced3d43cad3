"""What networks are built from: activations, norms, initializers, inputs, embeddings, ensembles, attention."""
