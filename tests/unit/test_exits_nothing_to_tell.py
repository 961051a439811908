"""Where data tell nothing, the front door says so: no error of 0, no p of 1, no traceback."""

import math

import pandas as pd
import pytest

import jobeval as je

PLAIN = je.Lottery(arm="arm", treatment="new", control="old")
ALIKE = pd.DataFrame(
    {"arm": ["new", "old"] * 12, "week": 3, "left": 1, "to": "job", "age": [*range(24)],
     "took": [1, 0, 0, 0] * 6, "id": [*range(24)], "begun": 0}
)  # fmt: skip
"""Everybody leaves in the same week, to the same destination."""
NOBODY = ALIKE.assign(left=0, to=None)
"""Nobody leaves."""

UNKNOWN = {
    "robust ratio": lambda f: je.estimate_hazard_ratio(f, "week", "left", PLAIN, robust=True),
    "recurrence": lambda f: je.estimate_recurrence(
        f, "week", "left", PLAIN, entry="begun", person="id"
    ),
    "fine-gray": lambda f: je.estimate_subdistribution_hazard_ratio(
        f, "week", "to", PLAIN, cause="job"
    ),
    "mean": lambda f: je.estimate_rmst(f, "week", "left", PLAIN, horizon_weeks=3),
    "weighted mean": lambda f: je.estimate_rmst(
        f, "week", "left", PLAIN, horizon_weeks=3, covariates=["age"], adjustment="weighting"
    ),
    "late": lambda f: je.estimate_late_rmst(
        f, "week", "left", PLAIN, treated="took", horizon_weeks=3
    ),
    "late wald": lambda f: je.estimate_late_rmst(
        f, "week", "left", PLAIN, treated="took", horizon_weeks=3, interval="wald"
    ),
    "median": lambda f: je.estimate_quantile_difference(f, "week", "left", PLAIN),
}


@pytest.mark.parametrize("call", UNKNOWN.values(), ids=UNKNOWN)
@pytest.mark.parametrize("frame", [ALIKE, NOBODY], ids=["all alike", "nobody leaves"])
def test_no_p_value_without_anything_that_varies(call, frame):
    effect = call(frame)
    assert math.isnan(effect.p_value)
    assert math.isnan(effect.std_error)
    assert any("not estimable" in note or "no interval" in note for note in effect.notes)


CALLS = [
    lambda **how: je.estimate_hazard_ratio(ALIKE, "week", "left", PLAIN, **how),
    lambda **how: je.logrank_test(ALIKE, "week", "left", PLAIN, **how),
    lambda **how: je.survival_curve(ALIKE, "week", "left", PLAIN, **how),
    lambda **how: je.estimate_rmst(ALIKE, "week", "left", PLAIN, horizon_weeks=3, **how),
    lambda **how: je.fit_fine_gray(ALIKE, "week", "to", PLAIN, cause="job", **how),
    lambda **how: je.fit_parametric(ALIKE, "week", "left", PLAIN, **how),
]


@pytest.mark.parametrize("call", CALLS)
def test_the_exit_does_not_explain_itself(call):
    with pytest.raises(je.DesignError, match=r"'week' tells the exit.*Mend: name columns"):
        call(covariates=["age", "week"])


@pytest.mark.parametrize("horizon", [0, -1, 1.5, True, "6", math.nan, math.inf, 10**6])
def test_horizons_are_whole_weeks(horizon):
    with pytest.raises(ValueError, match="horizon_weeks must be a whole number from 1"):
        je.estimate_survival_difference(ALIKE, "week", "left", PLAIN, horizon_weeks=horizon)


@pytest.mark.parametrize("level", [0, 1, 95, math.nan])
def test_levels_are_read_before_the_result_is_given(level):
    with pytest.raises(ValueError, match="conf_level must lie between 0 and 1"):
        je.estimate_adjusted_hazard_ratio(
            ALIKE, "week", "left", PLAIN, covariates=["age"], conf_level=level
        )
    with pytest.raises(ValueError, match="conf_level must lie between 0 and 1"):
        je.compare_durations(ALIKE, "week", "left", PLAIN, conf_level=level)


def test_a_stream_that_cannot_be_drawn_again_is_refused():
    with pytest.raises(ValueError, match="seed must be a whole number"):
        je.hazard_ratio_over_time(ALIKE, "week", "left", PLAIN, seed=None)  # type: ignore[arg-type]


def test_columns_of_one_name_are_told():
    twice = pd.concat([ALIKE, ALIKE[["week"]]], axis=1)
    with pytest.raises(je.DataError, match=r"names occur twice. Mend: Give each column"):
        je.logrank_test(twice, "week", "left", PLAIN)
