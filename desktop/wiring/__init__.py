"""Which panel hears which: signals connected in one place, a file for each concern."""

from desktop.wiring.whole import Wiring

__all__ = ["Wiring"]
