"""Text in a cell that no program takes for a formula, and what it was."""

FORMULA_SIGNS = "=+-@\t\r\n＝＋－＠"
MARK = "'"  # before which Excel and WPS take what follows for text


def harmless(text: str) -> str:
    """A cell that no program takes for a formula. `as_meant` gives back what it was."""
    return MARK + text if text.lstrip(MARK)[:1] in tuple(FORMULA_SIGNS) else text


def as_meant(text: str) -> str:
    """A cell without the mark by which `harmless` made text of it."""
    return text[1:] if text.startswith(MARK) and text.lstrip(MARK)[:1] in tuple(FORMULA_SIGNS) else text
