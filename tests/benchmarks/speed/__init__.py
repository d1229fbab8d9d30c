"""How fast photographs are done, against plain diffusers on the same machine in the same run."""
