"""The names under which scoring scripts describe their input and output."""
