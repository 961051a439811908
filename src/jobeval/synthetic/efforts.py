"""What the job centres did: activities of both worlds, in days."""

import numpy as np

from jobeval.schemas.tables import ACTIVITY_KINDS
from jobeval.synthetic.fates import Fates
from jobeval.synthetic.people import People
from jobeval.synthetic.spells import Bools, Spells, build_spells, join_spells
from jobeval.synthetic.streams import Ints, Streams, part, spread
from jobeval.synthetic.truth import JobFirstTruth

_KIND = {name: number for number, name in enumerate(ACTIVITY_KINDS)}
_NONE = -1


def simulate_placements(
    people: People, fates: Fates, streams: Streams, truth: JobFirstTruth
) -> tuple[Spells, Spells, Spells]:
    """Weeks in a company without pay: snusepraktik, the 13 weeks, and ordinary praktik."""
    n = people.size
    nobody = np.zeros(n, dtype=bool)
    share = np.where(people.site == 0, truth.snusepraktik_first_site, truth.snusepraktik)
    luck = streams.uniform("snusepraktik", n)
    tried = luck < share
    start = fates.started_week + 1 + spread(part(luck, 1), ((0, 3, 1),))
    end = start + spread(part(luck, 2), ((1, 3, 1),))
    luck = streams.uniform("placement", n)
    placed = luck < np.where(tried, 0.85, 0.45)
    begin = np.where(tried, end, start) + spread(part(luck, 1), ((0, 4, 1),))
    luck = streams.uniform("praktik", n)
    usual = people.randomised_week + spread(part(luck, 1), ((4, 60, 1),))
    return (
        build_spells(start, end, nobody, tried, kind=_KIND["snusepraktik"]),
        build_spells(begin, begin + 13, nobody, placed, kind=_KIND["virksomhedspraktik"]),
        build_spells(
            usual, usual + spread(part(luck, 2), ((4, 14, 1),)), luck < 0.25, nobody,
            kind=_KIND["virksomhedspraktik"],
        ),
    )  # fmt: skip


def simulate_efforts(
    people: People,
    fates: Fates,
    subsidised: Spells,
    placements: tuple[Spells, ...],
    streams: Streams,
) -> Spells:
    """All activities; facts ``kind``, ``company``, ``industry``, ``planned``, ``actual``.

    ``planned`` is in hours a week and ``actual`` in tenths of them; -1 stands for none.
    """
    subsidy = subsidised.called(kind=_KIND["loentilskud"])
    weekly = join_spells([*placements, subsidy])
    in_company = _with_hours(weekly.between(weekly.start * 7 - 3, weekly.end * 7 - 3), streams)
    others = join_spells([_support(people, fates, streams), *_contacts(people, streams)])
    return join_spells([in_company, _without_hours(others)]).cut(fates.leaves * 7 - 3)


def _support(people: People, fates: Fates, streams: Streams) -> Spells:
    """Mentors, and short courses."""
    parts: list[Spells] = []
    for kind, control, participants in (("mentor", 0.1, 0.55), ("education", 0.1, 0.06)):
        luck = streams.uniform(f"{kind} effort", people.size)
        start = fates.started_day + spread(part(luck, 1), ((0, 90, 1),))
        end = start + 7 * spread(part(luck, 2), ((4, 27, 1),))
        parts.append(
            build_spells(start, end, luck < control, luck < participants, kind=_KIND[kind])
        )
    return join_spells(parts)


def _contacts(people: People, streams: Streams) -> list[Spells]:
    """Interviews of one day in the first half year: more often in the effort."""
    parts: list[Spells] = []
    for number in range(5):
        luck = streams.uniform(f"contact {number}", people.size)
        day = people.randomised_day + 7 + number * 35 + spread(part(luck, 1), ((0, 28, 1),))
        day = day - np.maximum((day + 3) % 7 - 4, 0)
        parts.append(build_spells(day, day + 1, luck < 0.5, luck < 0.88, kind=_KIND["contact"]))
    return parts


def _with_hours(spells: Spells, streams: Streams) -> Spells:
    luck = streams.uniform("effort hours", len(spells.person))
    company: Ints = (luck * 4000).astype(np.int64)
    subsidised: Bools = spells.facts["kind"] == _KIND["loentilskud"]
    planned = np.where(
        subsidised, 37, np.array([10, 15, 20, 25, 30, 37])[spread(part(luck, 1), ((0, 6, 1),))]
    )
    actual = planned * (60 + spread(part(luck, 2), ((0, 45, 1),))) // 10
    return spells.called(
        kind=spells.facts["kind"],
        company=company,
        industry=company * 7919 % 8,
        planned=planned,
        actual=actual,
    )


def _without_hours(spells: Spells) -> Spells:
    kind = spells.facts["kind"]
    return spells.called(kind=kind, company=_NONE, industry=_NONE, planned=_NONE, actual=_NONE)
