"""Wild cluster bootstrap by wildboottest and pyfixest, frozen for test_inference_wild_reference.

    python tests/reference/wild_bootstrap_oracle.py > tests/reference/wild_bootstrap_oracle.json

Needs wildboottest and pyfixest, which are no dependencies. Where 2^G vectors of signs are fewer
than the repetitions, wildboottest takes all of them. It counts draws with |t*| above |t|, so
rounding decides on the two ties v = 1 and v = -1.
"""

import json
import sys
import warnings
from importlib.metadata import version

import numpy as np

GROUPS = (8, 13)


def draw_clusters(groups: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Numbers by formula, so that every program sees the same: design, outcome, cluster."""
    persons = np.arange(groups * 12)
    cluster = persons * 7 % groups
    design = np.column_stack([np.ones(len(persons)), cluster % 2, np.sin(persons)])
    shared = np.cos(3.0 * cluster)
    return design, 0.9 * design[:, 1] + shared + 2 * np.sin(persons**2 * 1.7), cluster


def answer(groups: int, weights: str, impose_null: bool) -> dict[str, object]:
    import pandas as pd
    import pyfixest

    design, outcome, cluster = draw_clusters(groups)
    frame = pd.DataFrame({"y": outcome, "t": design[:, 1], "x": design[:, 2], "g": cluster})
    fit = pyfixest.feols("y ~ t + x", frame, vcov={"CRV1": "g"})
    found = fit.wildboottest(
        reps=99_999, param="t", weights_type=weights, impose_null=impose_null, seed=1
    )
    return {
        "groups": groups,
        "weights": weights,
        "impose_null": impose_null,
        "estimate": float(fit.coef()["t"]),
        "std_error": float(fit.se()["t"]),
        "p_value": float(np.asarray(found["Pr(>|t|)"])),
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    packages = {name: version(name) for name in ("wildboottest", "pyfixest", "numpy")}
    answers = [
        answer(groups, weights, impose_null)
        for groups in GROUPS
        for weights in ("rademacher", "webb")
        for impose_null in (True, False)
    ]
    sys.stdout.write(json.dumps({"versions": packages, "answers": answers}, indent=1) + "\n")
