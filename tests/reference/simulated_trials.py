"""Small trials drawn again and again from known populations, one for each kind of lottery.

Persons, offices and areas are new in every trial, so that the errors by the lottery are those of
the truth. The designs: ``complete``, ``stratified`` (shares that differ), ``clusters`` (ten), and
``zeros``, a complete lottery in which 40 % of the hours are zero. A trial is a dictionary of
columns, which ``arrays_as_frames`` lets the front door take as it is.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np

import jobeval.effects
from jobeval.plan.lottery import Lottery

Floats = np.ndarray
Trial = dict[str, np.ndarray]

PERSONS = Lottery(arm="arm", treatment=1, control=0)
LOTTERIES = {
    "complete": PERSONS,
    "stratified": Lottery(arm="arm", treatment=1, control=0, strata="stratum"),
    "clusters": Lottery(arm="arm", treatment=1, control=0, clusters="office"),
    "zeros": PERSONS,
}
SIZES, TREATED = np.array([60, 40, 36]), np.array([15, 20, 24])
OFFICES = 10
GAIN, SHIFT = 3.0, 3.0
COMPLIERS, ALWAYS, STRETCH = 0.5, 0.15, 0.4
DRIFT, LIMITS = 0.1, (0.0, 90.0)
QUANTILES = (0.5, 0.9)


@contextmanager
def arrays_as_frames() -> Iterator[None]:
    """Without what takes the time of a small analysis and changes no number of it.

    That is reading data frames, collecting garbage (statsmodels, in each Holm adjustment) and
    looking for libraries of linear algebra (before each block of draws).
    """
    names = walk_packages(jobeval.effects.__path__, "jobeval.effects.")
    modules = [import_module(name.name) for name in names]
    with ExitStack() as stack:
        stack.enter_context(patch("gc.collect"))
        limits = "jobeval.inference.blocks.threadpool_limits"
        stack.enter_context(patch(limits, lambda *_: nullcontext()))
        for module in modules:
            if hasattr(module, "read_columns"):
                stack.enter_context(patch.object(module, "read_columns", _pick))
        yield


def _pick(trial: Any, names: Any) -> Trial:
    return {name: np.asarray(trial[name]) for name in dict.fromkeys(names)}


# --- one effect ---------------------------------------------------------------------------


class Persons(NamedTuple):
    """Age, and outcomes under control and treatment, each of shape ``(n, 2)``."""

    age: Floats
    hours: Floats
    paid: Floats


def draw_persons(rng: np.random.Generator, design: str, stratum: Floats, office: Floats) -> Persons:
    """``office`` is what the persons of an office share, shape ``(n,)``, uniform on ±1.

    ``hours`` gain ``GAIN`` on average, in strata 2, 3 and 5 hours. Of ``paid``, 40 % are zero
    under control, 30 % under treatment, fewer in the later strata. Under ``zeros`` hours are
    ``paid``.
    """
    n = len(stratum)
    age = rng.normal(0, 1, n)
    level = 20 + 2 * age + 2 * stratum + 3 * office + rng.normal(0, 5, n)
    gain = np.array([2.0, 3, 5])[stratum] if design == "stratified" else GAIN
    share, luck = 0.6 + 0.05 * stratum + 0.05 * office, rng.random(n)
    amount = 5 + 2 * stratum + 2 * office + rng.gamma(4, 4, n) + 2 * np.tanh(age)
    paid = np.column_stack([(luck < share) * amount, (luck < share + 0.1) * (amount + 3)])
    hours = paid if design == "zeros" else np.column_stack([level, level + gain])
    return Persons(age, hours, paid)


def draw_lottery(rng: np.random.Generator, design: str) -> Trial:
    """50 of 120 persons; a quarter, a half and two thirds of strata; or five of ten offices."""
    if design == "stratified":
        pairs = zip(SIZES, TREATED, strict=True)
        arm = np.concatenate([rng.permutation(np.arange(n) < k) for n, k in pairs])
        return {"arm": arm.astype(int), "stratum": np.repeat([0, 1, 2], SIZES)}
    if design == "clusters":
        office = np.repeat(np.arange(OFFICES), rng.permutation([8, 10, 12, 10, 10] * 2))
        arm = rng.permutation(np.arange(OFFICES) % 2)[office]
        return {"arm": arm, "office": office, "stratum": np.zeros(len(arm), dtype=int)}
    arm = rng.permutation(np.arange(120) < 50).astype(int)
    return {"arm": arm, "stratum": np.zeros(120, dtype=int)}


def draw_trial(rng: np.random.Generator, design: str) -> Trial:
    """One trial with these columns beside the lottery's, the effects being ``truths``.

    ``age``, ``group``: known before. ``hours``, ``paid``, ``works``: see ``draw_persons``.
    ``kept``, ``reached``: ``paid`` and ``hours`` with missing values; the former more often under
    control and where hours are few, the latter by age and arm alone.
    ``started``, ``earned``: take-up, and an outcome that it stretches by ``STRETCH`` among
    compliers. ``shifted``, ``second``, ``third``: outcomes with the effect ``SHIFT`` on everyone.
    """
    trial = draw_lottery(rng, design)
    arm, n = trial["arm"], len(trial["arm"])
    shared = np.zeros(n)
    if design == "clusters":
        shared = rng.uniform(-1, 1, OFFICES)[trial["office"]]
    persons = draw_persons(rng, design, trial["stratum"], shared)
    luck, rows = rng.random(n), np.arange(n)
    complier = (luck >= ALWAYS) & (luck < ALWAYS + COMPLIERS)
    started = (luck < ALWAYS) | (complier & (arm == 1))
    base, paid = persons.hours[:, 0], persons.paid[rows, arm]
    kept = rng.random(n) + DRIFT * np.tanh(persons.age) > 0.3 - 0.15 * arm
    reached = rng.random(n) < 1 / (1 + np.exp(-1 - persons.age - 0.5 * arm))
    hours = persons.hours[rows, arm]
    return {
        **trial,
        "age": persons.age,
        "group": (rng.random(n) < 0.5).astype(int),
        "hours": hours,
        "paid": paid,
        "works": (paid > 0).astype(int),
        "kept": np.where(kept, paid, np.nan),
        "reached": np.where(reached, hours, np.nan),
        "started": started.astype(int),
        "earned": base * np.where(complier & started, 1 + STRETCH, 1.0) + 4 * (luck < ALWAYS),
        "shifted": base + SHIFT * arm,
        "second": persons.paid[:, 0] + SHIFT * arm,
        "third": 5 * persons.age + 3 * shared + SHIFT * arm,
    }


@cache
def population(design: str) -> Persons:
    """Two million persons of a design."""
    rng, n = np.random.default_rng(1), 2_000_000
    stratum = np.zeros(n, dtype=int)
    if design == "stratified":
        stratum = rng.choice(3, n, p=SIZES / SIZES.sum())
    return draw_persons(rng, design, stratum, rng.uniform(-1, 1, n) * (design == "clusters"))


@cache
def truths(design: str) -> dict[str, float]:
    """The effects in the population, by column or by ``part`` of an estimator's table."""
    people = population(design)
    control, treated = people.paid.T
    share = (people.paid > 0).mean(axis=0)
    mean, working = people.paid.mean(axis=0), people.paid.mean(axis=0) / share
    rise, longer = np.diff(share)[0], np.diff(working)[0]
    lower, upper = trimmed_gap(control[control > 0], treated[treated > 0], share[0] / share[1])
    cap = np.quantile(np.concatenate([control[::7], treated[::10]]), 0.99)  # as arms: 70 to 50
    found = {
        "hours": np.diff(people.hours.mean(axis=0))[0],
        "deviation": people.hours[:, 0].std(),
        "works": rise,
        "log ratio of risks": np.log(share[1] / share[0]),
        "earned": STRETCH * people.hours[:, 0].mean(),
        "mean": np.diff(mean)[0],
        "ratio": np.log(mean[1] / mean[0]),
        "extensive": rise,
        "intensive": longer,
        "through starting": rise * working.sum() / 2,
        "through hours": longer * share.sum() / 2,
        "intensive lower": lower,
        "intensive upper": upper,
        "hours>=20": (treated >= 20).mean() - (control >= 20).mean(),
        "winsorised": np.minimum(treated, cap).mean() - np.minimum(control, cap).mean(),
        **missing_truths(people),
    }
    for height in QUANTILES:
        found[f"quantile={height:g}"] = np.diff(np.quantile(people.paid, height, axis=0))[0]
    return {name: float(value) for name, value in found.items()}


def missing_truths(people: Persons) -> dict[str, float]:
    """The ends of Lee's and of Manski's range for ``kept``."""
    latent = np.random.default_rng(2).random(len(people.age)) + DRIFT * np.tanh(people.age)
    seen = np.column_stack([latent > 0.3, latent > 0.15])
    share = seen.mean(axis=0)
    control, treated = (people.paid[seen[:, arm], arm] for arm in (0, 1))
    lee = trimmed_gap(control, treated, share[0] / share[1])
    least, most = (np.where(seen, people.paid, limit).mean(axis=0) for limit in LIMITS)
    return {
        "lee lower": lee[0],
        "lee upper": lee[1],
        "manski lower": least[1] - most[0],
        "manski upper": most[1] - least[0],
    }


def trimmed_gap(control: Floats, treated: Floats, share: float) -> tuple[float, float]:
    """Means of the lowest and of the highest ``share`` of the treated, less that of control."""
    ranked, count = np.sort(treated), round(share * len(treated))
    return ranked[:count].mean() - control.mean(), ranked[-count:].mean() - control.mean()


# --- paths --------------------------------------------------------------------------------

PATH = np.array([1.0, 2, 3, 3, 3, 3])
WEEKS = tuple(f"week{week}" for week in range(6))


def draw_weeks(rng: np.random.Generator, design: str) -> Trial:
    """Six weeks that hang together, with the effects ``PATH``."""
    trial = draw_trial(rng, design)
    base = trial["shifted"] - SHIFT * trial["arm"]
    noise = np.cumsum(rng.normal(0, 2, (len(base), 6)), axis=1)
    values = base[:, None] + noise * (base != 0)[:, None] + trial["arm"][:, None] * PATH
    return {**trial, **dict(zip(WEEKS, values.T, strict=True))}


# --- places -------------------------------------------------------------------------------

PLACES, TAU, SLOPE = 10, 4.0, 2.0
_WITHIN = Lottery(arm="arm", treatment=1, control=0, strata="site")
PLACE_LOTTERIES = {
    "complete": PERSONS,
    "stratified": _WITHIN,
    "clusters": Lottery(arm="arm", treatment=1, control=0, strata="site", clusters="office"),
    "zeros": PERSONS,
}


def draw_places(rng: np.random.Generator, design: str) -> Trial:
    """Ten places of 24 persons whose effects differ by ``TAU``, and by ``SLOPE`` with fidelity.

    Persons are drawn in one lottery or in each place (8, 12 or 14 of 24), or six offices of four
    in each place, half of them. The effect on ``sited`` is ``true``, on average ``GAIN``.
    """
    site, n = np.repeat(np.arange(PLACES), 24), 24 * PLACES
    office = np.arange(n) // 4
    if design == "stratified":
        counts = np.resize([8, 12, 14], PLACES)
        arm = np.concatenate([rng.permutation(np.arange(24) < k) for k in counts]).astype(int)
    elif design == "clusters":
        arm = np.concatenate([rng.permutation(np.arange(6) % 2) for _ in range(PLACES)])[office]
    else:
        arm = rng.permutation(np.arange(n) % 2)
    shared = rng.uniform(-1, 1, n // 4)[office] * (design == "clusters")
    persons = draw_persons(rng, design, np.zeros(n, dtype=int), shared)
    base = persons.hours[:, 0] / (2 if design == "zeros" else 1)
    fidelity = rng.normal(0, 1, PLACES)
    true = GAIN + SLOPE * fidelity + TAU * rng.normal(size=PLACES)
    return {
        "arm": arm,
        "site": site,
        "office": office,
        "fidelity": fidelity[site],
        "true": true[site],
        "sited": base + true[site] * arm,
    }


AREA_LOTTERIES = {
    "complete": PERSONS,
    "stratified": Lottery(arm="arm", treatment=1, control=0, strata="region"),
    "clusters": PERSONS,
    "zeros": PERSONS,
}
SPILLS = {"direct": 4.0, "spillover": -1.0, "treated vs pure control": 3.0, "total": 1.0}


def draw_areas(rng: np.random.Generator, design: str) -> Trial:
    """Sixteen areas of 8 persons, half of them drawn to saturation .5; in ``clusters`` ten.

    In the stratified design 3 of 8 areas of one region and 6 of 10 of the other.
    """
    regions = {"clusters": [(10, 5)], "stratified": [(8, 3), (10, 6)]}.get(design, [(16, 8)])
    offered = np.concatenate([rng.permutation(np.arange(m) < k) for m, k in regions])
    m = len(offered)
    area = np.repeat(np.arange(m), 8)
    region = np.repeat(np.arange(len(regions)), [k for k, _ in regions])[area]
    arm = np.concatenate([rng.permutation(np.arange(8) % 2) for _ in range(m)]) * offered[area]
    shared = rng.uniform(-1, 1, m)[area]
    persons = draw_persons(rng, design, np.zeros(len(area), dtype=int), shared)
    spilled = persons.hours[:, 0] + 2 * region + SPILLS["direct"] * arm - offered[area]
    return {
        "arm": arm, "area": area, "region": region, "saturation": 0.5 * offered[area],
        "spilled": spilled,
    }  # fmt: skip
