"""Models that work on latents: loading, prompts and denoising, in the render process only."""
