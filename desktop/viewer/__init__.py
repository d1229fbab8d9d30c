"""The viewer: a photograph before and after its edit, as near as the user wants to look."""
