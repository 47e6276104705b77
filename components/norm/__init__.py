"""Norms: `nn.Module`s constructed with the number of channels they normalise."""
