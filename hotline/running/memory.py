"""How often a process looks for what it no longer needs.

Python looks each 700 new objects, and each hundredth time through everything: in a process that has loaded Django and
half a million objects that stay, a page that happens to be asked for then takes a third longer.
"""

from __future__ import annotations

import gc

NEW = 50_000  # objects between two looks, some 10 MB; a page makes about as many, and most go without being looked for
SELDOM = 10, 10  # looks until what survived is looked at again, and once more: else old cycles stay for hours


def settle() -> None:
    """Called once everything is loaded: what is there stays, and is looked at no more."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW, *SELDOM)
