"""Painting a mask over a photograph in the viewer."""
