"""JSON out of pictures that nobody trusts: whatever is wrong with it is one known error."""

from __future__ import annotations

import json
from typing import Any

from core.errors import SettingsError


def read_json(text: str) -> Any:
    """Return what a JSON text says.

    Raises:
        SettingsError: it is not valid JSON, or nested beyond sense.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SettingsError("The recipe in it is not valid JSON.") from error
