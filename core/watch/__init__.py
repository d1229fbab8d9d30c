"""Watched folders: photographs that appear in them are edited once they are whole."""
