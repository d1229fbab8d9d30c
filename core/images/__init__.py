"""Photographs in and out: decoding, colour, metadata, tiles, encoding."""
