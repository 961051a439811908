"""Weeks until a share has left, read off a survival curve."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.inference.kaplan_meier import first_below
from jobeval.results import Curve

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


class Quantile(NamedTuple):
    """Weeks until a share has left, with a confidence interval; ``nan`` = not reached."""

    weeks: float
    low: float
    high: float


def survival_quantile(curve: Curve, probability: float = 0.5) -> Quantile:
    """The weeks after which the share ``probability`` has left: the median unless told.

    ``curve`` is that of one arm, as ``survival_curve(…)["control"]``. The interval inverts the
    curve's own (Brookmeyer & Crowley 1982). Where the curve runs exactly at the quantile, the
    middle of that stretch is taken, as in R's survival; when it never falls further, the
    beginning of the stretch.

    Examples
    --------
    >>> import numpy as np
    >>> curve = Curve(endpoint="week", measure="survival", arm="a", times=np.arange(4),
    ...     values=np.array([1.0, 0.5, 0.5, 0.2]), at_risk=np.array([4, 4, 2, 2]))
    >>> survival_quantile(curve).weeks
    2.0
    """
    measure = getattr(curve, "measure", type(curve).__name__)
    if measure != "survival":
        raise ValueError(
            f'a quantile needs a survival curve of one arm, as curves["control"], not {measure!r}'
        )
    validate_probability(probability)
    level = 1 - probability
    steps = (curve.values, curve.conf_low, curve.conf_high)
    return Quantile(*(first_below(curve.times, values, level) for values in steps))


def validate_probability(probability: float) -> None:
    """Raise ``ValueError`` for a probability outside (0, 1)."""
    if not 0 < probability < 1:
        raise ValueError(f"probability must lie between 0 and 1, not {probability!r}")
