"""Activations: elementwise functions that an MLP receives. Any `nn.Module` without arguments."""
