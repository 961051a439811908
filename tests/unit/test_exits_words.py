"""The words of a plan are those that the estimators know."""

from typing import get_args

import pytest

from jobeval.exits.drawn.drawn_cells import Inference
from jobeval.exits.hazards.cox_arrange import SplitTies, Ties
from jobeval.exits.models.model_choice import Distribution
from jobeval.plan import exit_analyses as plan


@pytest.mark.parametrize(
    ("planned", "known"),
    [
        (plan.Ties, Ties),
        (plan.Drawn, Inference),
        (plan.Distribution, Distribution),
        (plan.FineGrayAnalysis.model_fields["ties"].annotation, SplitTies),
    ],
)
def test_plans_and_estimators_share_their_words(planned, known):
    assert set(get_args(planned)) == set(get_args(known))
