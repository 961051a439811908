"""Statistics of several treatment arms against one control, all arms re-drawn together."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jobeval.inference.assignment import Assignment
from jobeval.inference.blocks import Progress, digest_of, run_blocks
from jobeval.inference.drawn_sample import PairKernel, Weighing, take_sample
from jobeval.inference.redraw import TILE, Urn, draw_arms, fill_arms_urn, stream_key
from jobeval.inference.redrawn import Redrawn
from jobeval.inference.statistics import Form, order_columns, pair_kernel, run_tiles

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ArmContrast:
    """What is compared between one treatment arm and control, for the ``n`` persons of all arms.

    Attributes
    ----------
    treatment
        Code of the arm, from 1; control is 0.
    known
        Shape ``(n,)``: the persons who take part.
    outcomes, covariates
        Shapes ``(n, m)`` and ``(n, p)``, finite where known.
    weighing
        As for ``redraw_statistics``; ``"probability"`` is not known for several arms.
    """

    treatment: int
    known: NDArray[np.bool_]
    outcomes: Floats
    covariates: Floats
    weighing: Weighing = "none"


def redraw_contrasts(
    contrasts: Sequence[ArmContrast],
    arm: NDArray[np.int64],
    *,
    stratum: NDArray[np.int64],
    cluster: NDArray[np.int64] | None = None,
    form: Form = "none",
    draws: int = 10_000,
    seed: int,
    workers: int = 2,
    progress: Progress | None = None,
    checkpoint: Path | None = None,
) -> Redrawn:
    """Compute studentised contrasts with control in the same re-drawn lotteries.

    In each draw a contrast is that of the persons who were then drawn to its two arms.

    Parameters
    ----------
    contrasts
        The outcomes of each are columns of the result, in order.
    arm
        Shape ``(n,)``, codes ``0 … K``: what the real lottery gave.
    stratum, cluster
        Shape ``(n,)``, codes from 0.
    form, draws, seed, workers, progress, checkpoint
        As for ``redraw_statistics``. Lotteries of several arms are never counted out.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> arm, hours = np.arange(30) % 3, rng.normal(size=(30, 1))
    >>> persons = {"known": np.full(30, True), "outcomes": hours, "covariates": np.empty((30, 0))}
    >>> two = [ArmContrast(treatment=code, **persons) for code in (1, 2)]
    >>> redrawn = redraw_contrasts(two, arm, stratum=np.zeros(30, int), draws=50, seed=1)
    >>> redrawn.drawn.shape
    (50, 2)
    """
    urn = fill_arms_urn(arm, stratum, cluster, int(arm.max()) + 1)
    kernels = [_contrast_kernel(c, urn, arm, stratum, cluster, form) for c in contrasts]
    key = stream_key(np.random.SeedSequence(seed))
    arrays = [array for c in contrasts for array in (c.known, c.outcomes, c.covariates)]
    words = [*(c.treatment for c in contrasts), *(c.weighing for c in contrasts), form, seed]

    def tile(start: int) -> Floats:
        arms = draw_arms(urn, key, start, TILE)
        return _contrast_all(contrasts, kernels, arms)

    drawn = run_blocks(
        lambda start, stop: run_tiles(tile, start, stop),
        draws,
        digest=digest_of([arm, stratum, cluster, *arrays], words),
        workers=workers,
        progress=progress,
        checkpoint=checkpoint,
    )
    real = _contrast_all(contrasts, kernels, urn.assigned[None])[0]
    estimate, std_error = np.split(real, 2)
    drawn_estimate, drawn_std_error = np.split(drawn, 2, axis=1)
    return Redrawn(
        estimate=estimate,
        std_error=std_error,
        drawn_estimate=drawn_estimate,
        drawn_std_error=drawn_std_error,
        studentised=True,
        exact=False,
    )


def _contrast_kernel(
    contrast: ArmContrast,
    urn: Urn,
    arm: NDArray[np.int64],
    stratum: NDArray[np.int64],
    cluster: NDArray[np.int64] | None,
    form: Form,
) -> PairKernel:
    everyone = Assignment(
        rows=np.ones(len(arm), dtype=bool),
        assigned=arm,
        stratum=stratum,
        stratum_labels=tuple(str(code) for code in range(int(stratum.max()) + 1)),
        cluster=cluster,
    )
    order = order_columns(contrast.outcomes)
    outcomes, place = contrast.outcomes[:, order], np.argsort(order)
    sample = take_sample(outcomes, contrast.covariates, everyone, urn, contrast.known)
    kernel = pair_kernel(sample, form, contrast.weighing, studentised=True)

    def in_place(treated: Floats, control: Floats | None = None, /) -> tuple[Floats, Floats]:
        estimate, std_error = kernel(treated, control)
        return estimate[:, place], std_error[:, place]

    return in_place


def _contrast_all(
    contrasts: Sequence[ArmContrast], kernels: Sequence[PairKernel], arms: NDArray[np.integer]
) -> Floats:
    """Estimates of all contrasts, then their errors, shape ``(B, 2m)``."""
    control = (arms == 0).astype(float)
    found = [
        kernel((arms == contrast.treatment).astype(float), control)
        for contrast, kernel in zip(contrasts, kernels, strict=True)
    ]
    return np.hstack([part[place] for place in (0, 1) for part in found])
