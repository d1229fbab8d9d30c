"""The recipe panel: what will be done to the photographs, and how it looks before it is done."""
