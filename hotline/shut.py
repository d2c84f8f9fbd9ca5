"""A door that must stay shut for now, for everybody: a key is missing, or what must be written down cannot be."""

from __future__ import annotations

from typing import Any


class Shut(Exception):
    """Nothing is shown and nothing is done. `message` is for people; what the error itself says is for the log."""

    message: Any = ""
