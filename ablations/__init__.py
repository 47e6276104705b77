"""What is compared: grids, presets, cells, the study and the workers that drive them."""
