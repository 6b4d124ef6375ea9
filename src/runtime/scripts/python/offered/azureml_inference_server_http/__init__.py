"""The names under which scoring scripts know the inference server."""
