"""Finds the faults of AI-generated video in an edit and marks them on the timeline."""

__version__ = "0.1.0"
