"""Model families at their true sizes, with random weights: speed and memory."""
