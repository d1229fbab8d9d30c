"""`python -m tests.benchmarks.window`: how quick and how lean the window is, against its bars."""
