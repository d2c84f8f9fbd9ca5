"""Telephone numbers as they are kept."""

from __future__ import annotations

import re


def normalise_phone(phone: str) -> str:
    """A telephone number as it is kept: digits and a leading plus, China's country code off."""
    kept = re.sub(r"[^\d+]", "", phone)
    return re.sub(r"^(\+86|0086)(?=1\d{10}$)", "", kept)
