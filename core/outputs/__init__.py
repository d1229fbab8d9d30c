"""Where results go: planned names, temporary files, and taking the final name without a loss."""
