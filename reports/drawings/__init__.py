"""The figures of the page: one module each, and what all of them have in `drawing`."""
