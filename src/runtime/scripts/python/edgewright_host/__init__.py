"""The Python side of edgewright's host for scoring scripts; standard library only."""
