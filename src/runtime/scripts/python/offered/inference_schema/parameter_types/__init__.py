"""The types of parameters."""
