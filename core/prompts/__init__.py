"""What prompts may hold besides words: tokens, LoRAs, wildcards, lists of prompts, weights."""
