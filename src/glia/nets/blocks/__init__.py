"""What networks are built from: activations, norms, first weights, inputs, embeddings, ensembles."""
