"""The user's models: added, downloaded, checked and removed, on a thread of its own."""
