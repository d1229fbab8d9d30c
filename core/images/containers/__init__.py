"""One module a file format: how its parts lie in the file, how they are read and put together."""
