"""The `regrain` command, one file a command."""
