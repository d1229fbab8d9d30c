"""Watch folders in the window: who watches, how it stands with each, adding and changing them."""
