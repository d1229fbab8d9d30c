"""Models, devices and the render process: what turns settings into pixels."""
