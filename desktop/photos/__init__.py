"""The photographs of a project: grid, thumbnails, what is dropped in, and the sources beside it."""
