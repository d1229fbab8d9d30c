"""`python -m tests.benchmarks.pictures FOLDER`: photographs the real window on a screen of its own.

Needs Xvfb, xdotool and ImageMagick; openbox is used where it is there.
"""
