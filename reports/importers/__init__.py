"""Other people's runs as results folders: from tables, TensorBoard and Weights & Biases."""
