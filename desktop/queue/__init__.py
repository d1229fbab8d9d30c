"""The queue: batches and their photographs, as a table that lives."""
