"""What decides the life of each person, with the effort and without it."""

from dataclasses import dataclass

import numpy as np

from jobeval.schemas.calendar import iso_week
from jobeval.synthetic.people import People
from jobeval.synthetic.spells import NEVER, Bools
from jobeval.synthetic.streams import Floats, Ints, Streams, part, spread
from jobeval.synthetic.truth import JobFirstTruth

_ON_BENEFIT = ((52, 79, 0.15), (79, 105, 0.15), (105, 157, 0.20), (157, 401, 0.50))
_AGE_FACTORS = (1.25, 1.2, 1.1, 1.0, 0.85, 0.65, 0.45)
_BARRIER_FACTORS = (1.7, 1.3, 0.9, 0.5, 0.3)
_SITE_FACTORS = (1.0, 0.9, 1.1, 0.8, 1.2, 1.0, 0.95, 1.15, 1.05, 0.85, 1.0, 1.2, 0.9, 1.1, 0.8)


@dataclass(frozen=True, slots=True, eq=False)
class Fates:
    """One row a person: what decides both worlds. Weeks are integer weeks."""

    starts_if_drawn: Bools
    starts_if_not: Bools
    started_day: Ints
    on_benefit_since: Ints
    works: Bools
    """Has ordinary hours in both worlds."""
    helped: Bools
    """Has ordinary hours with the effort only."""
    pension: Bools
    """Granted disability pension in both worlds."""
    pension_if_treated: Bools
    leaves: Ints
    """Week of death, emigration or folkepension; ``NEVER`` for most."""

    def received(self, assigned: Ints) -> Ints:
        """Who gets the effort when ``assigned`` are drawn, shape ``(n,)`` of 0 and 1."""
        drawn = assigned == 1
        return np.where(drawn, self.starts_if_drawn, self.starts_if_not).astype(np.int64)

    @property
    def started_week(self) -> Ints:
        return (self.started_day + 3) // 7

    @property
    def free(self) -> Bools:
        """Neither work nor pension in any world."""
        return ~(self.works | self.helped | self.pension | self.pension_if_treated)


def simulate_fates(people: People, streams: Streams, truth: JobFirstTruth) -> Fates:
    """Draw what the effort would do, and what happens anyhow."""
    n = people.size
    willing = streams.uniform("take-up", n)
    since = spread(streams.uniform("on benefit", n), _ON_BENEFIT)
    complier = (willing < truth.take_up) & (willing >= truth.contamination)
    works, helped = _workers(people, since, complier, streams, truth)
    pension, pension_if_treated = _pensioners(people, works | helped, complier, streams, truth)
    leaves = np.minimum.reduce([
        draw_deaths(people, streams, truth),
        date_folkepension(people),
        draw_emigrations(people, streams, truth)[0],
    ])  # fmt: skip
    started_day = people.randomised_day + spread(streams.uniform("start", n), ((5, 43, 1),))
    there = started_day < leaves * 7 - 3
    return Fates(
        starts_if_drawn=(willing < truth.take_up) & there,
        starts_if_not=(willing < truth.contamination) & there,
        started_day=started_day,
        on_benefit_since=people.randomised_week - since,
        works=works,
        helped=helped & there,
        pension=pension,
        pension_if_treated=pension_if_treated & there,
        leaves=leaves,
    )


def _workers(
    people: People, since: Ints, complier: Bools, streams: Streams, truth: JobFirstTruth
) -> tuple[Bools, Bools]:
    """Who works in both worlds, and who only with the effort."""
    age = (2016 - people.birth_year - 30) // 5
    relative = (
        np.array(_AGE_FACTORS)[age]
        * np.array(_BARRIER_FACTORS)[people.barriers]
        * np.where(since < 105, 1.6, 0.8)
        * _site_factors(people, truth)
    )
    later = people.benefit_type == 1
    for group in (later, ~later):
        relative[group] /= relative[group].mean()
    anyhow = np.where(later, truth.hours_ressourceforloeb, truth.hours_kontanthjaelp) * relative
    effect = np.where(later, truth.effect_ressourceforloeb, truth.effect_kontanthjaelp) * relative
    more = effect / (truth.take_up - truth.contamination)
    luck = streams.uniform("work", people.size)
    return luck < anyhow, complier & (luck >= anyhow) & (luck < anyhow + more)


def _site_factors(people: People, truth: JobFirstTruth) -> Floats:
    rows = [_SITE_FACTORS[s % len(_SITE_FACTORS)] for s in range(people.n_sites)]
    rows[0] = truth.first_site
    return np.array(rows)[people.site]


def _pensioners(
    people: People, workers: Bools, complier: Bools, streams: Streams, truth: JobFirstTruth
) -> tuple[Bools, Bools]:
    """Who gets disability pension in both worlds, and who only with the effort."""
    worst = people.disadvantaged
    anyhow = np.zeros(people.size)
    for group, share in ((worst, truth.pension_disadvantaged), (~worst, truth.pension_others)):
        anyhow[group] = share / max((~workers[group]).mean(), 0.01)
    more = np.where(worst, truth.effect_pension, 0.0) / (truth.take_up - truth.contamination)
    more = more / max((~workers[worst]).mean(), 0.01)
    luck = streams.uniform("pension", people.size)
    return ~workers & (luck < anyhow), (
        ~workers & complier & (luck >= anyhow) & (luck < anyhow + more)
    )


def draw_deaths(people: People, streams: Streams, truth: JobFirstTruth) -> Ints:
    luck = streams.uniform("death", people.size)
    week = people.randomised_week + spread(part(luck, 1), ((1, 104, 1),))
    return np.where(luck < truth.death, week, NEVER)


def draw_emigrations(people: People, streams: Streams, truth: JobFirstTruth) -> tuple[Ints, Ints]:
    """Week of leaving the country, and of returning."""
    luck = streams.uniform("emigration", people.size)
    week = people.randomised_week + spread(part(luck, 1), ((1, 104, 1),))
    stay = spread(part(luck, 2), ((16, 60, 0.3), (400, 401, 0.7)))
    return np.where(luck < truth.emigration, week, NEVER), week + stay


def date_folkepension(people: People) -> Ints:
    """The first week of the second half of the year in which a person turns 65."""
    weeks = {year: iso_week(year, 27) for year in range(2017, 2021)}
    turns = people.birth_year + 65
    return np.select([turns == year for year in weeks], list(weeks.values()), NEVER)
