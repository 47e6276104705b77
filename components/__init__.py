"""What is ablated: a folder for each kind, a file for each component, the decoder over them."""
