"""Who takes part in a synthetic trial, and the lottery among them."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import DesignError
from jobeval.schemas.calendar import EPOCH, weeks_of
from jobeval.synthetic.streams import Floats, Ints, Streams, pick, spread
from jobeval.synthetic.truth import JobFirstTruth

FIRST_DRAW = dt.date(2016, 3, 7)
DRAW_DAYS = 223  # working days: Monday 7 March 2016 to Wednesday 11 January 2017
BENEFIT_TYPES = ("kontanthjaelp", "ressourceforloeb")
SEXES = ("kvinde", "mand")
ORIGINS = ("dansk", "vestlig", "ikke-vestlig")
EDUCATIONS = ("grundskole", "gymnasial", "erhvervsfaglig", "videregående")
MOST_DISADVANTAGED = 3  # barriers, at least

# (weight of size, probability of the effort, share on ressourceforløb); repeated when needed
_SITES = (
    (1.00, 0.60, 0.30), (1.55, 0.50, 0.42), (0.70, 0.40, 0.38), (1.20, 0.67, 0.45),
    (0.60, 0.50, 0.35), (1.80, 0.55, 0.40), (0.85, 0.60, 0.48), (1.05, 0.45, 0.36),
    (0.75, 0.50, 0.44), (1.35, 0.60, 0.40), (0.55, 0.40, 0.34), (1.10, 0.50, 0.46),
    (0.90, 0.67, 0.38), (1.40, 0.45, 0.42), (0.65, 0.55, 0.40),
)  # fmt: skip
_AGES = (
    (30, 35, 0.17), (35, 40, 0.17), (40, 45, 0.18), (45, 50, 0.17),
    (50, 55, 0.15), (55, 60, 0.12), (60, 65, 0.04),
)  # fmt: skip
BARRIERS = ((0.22, 0.32, 0.27, 0.13, 0.06), (0.08, 0.25, 0.35, 0.20, 0.12))


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Everyone in the lottery, in the order of the draw; arrays of shape ``(n,)``."""

    site: Ints
    benefit_type: Ints
    randomised_day: Ints
    birth_year: Ints
    sex: Ints
    origin: Ints
    education: Ints
    barriers: Ints
    eligible: Ints
    n_sites: int

    @property
    def size(self) -> int:
        return len(self.site)

    @property
    def stratum(self) -> Ints:
        """Job centre × benefit type."""
        return self.site * len(BENEFIT_TYPES) + self.benefit_type

    @property
    def randomised_week(self) -> Ints:
        return weeks_of(self.randomised_day.astype("datetime64[D]"))

    @property
    def probability(self) -> Floats:
        """The chance of the effort, by job centre."""
        return np.array([_SITES[s % len(_SITES)][1] for s in range(self.n_sites)])[self.site]

    @property
    def disadvantaged(self) -> NDArray[np.bool_]:
        return self.barriers >= MOST_DISADVANTAGED


def name_site(site: int) -> str:
    """Name of a job centre by its number.

    >>> name_site(0), name_site(1), name_site(27)
    ('Jobcenter Vallensbæk/Ishøj', 'Jobcenter B', 'Jobcenter 28')
    """
    if site == 0:
        return "Jobcenter Vallensbæk/Ishøj"
    return f"Jobcenter {chr(ord('A') + site)}" if site < 26 else f"Jobcenter {site + 1}"


def simulate_people(n_persons: int, n_sites: int, streams: Streams, truth: JobFirstTruth) -> People:
    """Draw who is in the trial: the same persons whatever the lottery says later."""
    site, benefit_type = _strata(n_persons, n_sites)
    workday = (streams.uniform("draw day", n_persons) * DRAW_DAYS).astype(np.int64)
    day = (FIRST_DRAW - EPOCH).days + workday // 5 * 7 + workday % 5
    order = np.lexsort((streams.uniform("order", n_persons), day))
    benefit_type = benefit_type[order]
    barriers = np.where(
        benefit_type == 0,
        pick(streams.uniform("barriers", n_persons), BARRIERS[0]),
        pick(streams.uniform("barriers", n_persons), BARRIERS[1]),
    )
    return People(
        site=site[order],
        benefit_type=benefit_type,
        randomised_day=day[order],
        birth_year=2016 - spread(streams.uniform("age", n_persons), _AGES),
        sex=pick(streams.uniform("sex", n_persons), (0.53, 0.47)),
        origin=pick(streams.uniform("origin", n_persons), (0.72, 0.05, 0.23)),
        education=pick(streams.uniform("education", n_persons), (0.52, 0.07, 0.32, 0.09)),
        barriers=barriers,
        eligible=(streams.uniform("eligible", n_persons) >= truth.ineligible).astype(np.int64),
        n_sites=n_sites,
    )


def simulate_lottery(people: People, streams: Streams) -> Ints:
    """Draw arms: complete randomisation within each stratum, shape ``(n,)`` of 0 and 1.

    ``n × probability`` of a stratum are drawn, rounded up or down by chance, so that the
    probability holds exactly for every person.
    """
    stratum = people.stratum
    first = np.unique(stratum, return_index=True)[1]
    sizes = np.bincount(stratum)
    expected = sizes * people.probability[first]
    drawn = np.floor(expected + streams.uniform("lottery rounding", len(sizes))).astype(np.int64)
    order = np.lexsort((streams.uniform("lottery", people.size), stratum))
    place = np.empty(people.size, dtype=np.int64)
    place[order] = np.arange(people.size)
    before = np.cumsum(sizes) - sizes
    return (place - before[stratum] < drawn[stratum]).astype(np.int64)


def _strata(n_persons: int, n_sites: int) -> tuple[Ints, Ints]:
    """Job centre and benefit type of each person, by fixed quotas."""
    rows = [_SITES[s % len(_SITES)] for s in range(n_sites)]
    ends = np.cumsum([row[0] for row in rows])
    ends = np.floor(ends / ends[-1] * n_persons + 0.5).astype(np.int64)
    sizes = np.diff(ends, prepend=0)
    later = np.floor(sizes * np.array([row[2] for row in rows]) + 0.5).astype(np.int64)
    cells = np.stack([sizes - later, later], axis=1)
    if cells.min() < 8:
        raise DesignError(
            f"{n_persons} persons are too few for {n_sites} job centres: "
            f"take at least {60 * n_sites} persons, or fewer job centres"
        )
    stratum = np.repeat(np.arange(2 * n_sites), cells.ravel())
    return stratum // 2, stratum % 2
