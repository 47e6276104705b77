"""What is computed from one cell: data, samples, the training loop, evaluation, the run store."""
