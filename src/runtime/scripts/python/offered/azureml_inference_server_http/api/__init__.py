"""What scoring scripts import."""
