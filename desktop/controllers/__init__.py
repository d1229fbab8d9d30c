"""What the panels' wishes come to: each controller talks to the library and to the worker."""
