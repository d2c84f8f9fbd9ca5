"""Every indicator, once: what it counts, over which window, for whom. Dashboard, reports, API and the way from a number
to the tickets behind it all use these.
"""

from . import facts
from .computing import (
    CATEGORY,
    CHANNEL,
    DEPARTMENT,
    DISTRICT,
    FEW,
    KIND,
    LEAF_CATEGORY,
    REGION,
    UNIT,
    Dimension,
    Figure,
    Scope,
    compute,
    compute_by,
    counts,
    total,
)
from .definitions import (
    INDICATORS,
    RECORDING_GROUNDS,
    SECONDS_TO_RECORD,
    STUCK,
    WAS_TIMED,
    Indicator,
    of_operator,
)
from .windows import Window

__all__ = [
    "CATEGORY",
    "CHANNEL",
    "DEPARTMENT",
    "DISTRICT",
    "FEW",
    "INDICATORS",
    "KIND",
    "LEAF_CATEGORY",
    "RECORDING_GROUNDS",
    "REGION",
    "SECONDS_TO_RECORD",
    "STUCK",
    "UNIT",
    "WAS_TIMED",
    "Dimension",
    "Figure",
    "Indicator",
    "Scope",
    "Window",
    "compute",
    "compute_by",
    "counts",
    "facts",
    "of_operator",
    "total",
]
