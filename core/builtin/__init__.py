"""The bundled diffusion model: schedule, network, synthetic photographs, training."""
