"""Whether the whole path around the model grows linearly with the photographs of a folder."""
