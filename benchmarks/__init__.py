"""Measurements of this project beside others, and of its promises: one command each."""
