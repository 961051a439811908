"""Weekly DREAM codes of both worlds, as layers: a later one covers an earlier one."""

import numpy as np

from jobeval.schemas.calendar import iso_week
from jobeval.synthetic.fates import Fates, date_folkepension, draw_deaths, draw_emigrations
from jobeval.synthetic.jobs import Jobs, had_job_before
from jobeval.synthetic.people import People
from jobeval.synthetic.spells import NEVER, Bools, Spells, build_spells, join_spells
from jobeval.synthetic.streams import Ints, Streams, part, pick, spread
from jobeval.synthetic.truth import JobFirstTruth

BLANK = 0
_CASH, _INTEGRATION, _RESOURCE = 730, 700, 810
_ALONE = ((20, 0.3), (25, 0.5), (30, 0.85), (37, 0.95))  # weekly hours, share without benefit
_PENSIONS = ((12, 30, 0.10), (30, 52, 0.25), (52, 78, 0.35), (78, 100, 0.30))


def simulate_codes(
    people: People,
    fates: Fates,
    jobs: Jobs,
    placements: tuple[Spells, ...],
    streams: Streams,
    truth: JobFirstTruth,
    first: int,
) -> tuple[Spells, ...]:
    """Draw the layers, fact ``code``, in the order in which they are painted."""
    base = _base_code(people, streams)
    placed = join_spells([p.called(code=base[p.person] + 7 + p.person % 2) for p in placements])
    subsidised = jobs.subsidised
    return (
        _history(people, fates, streams, first),
        *_benefit(people, fates, base),
        *_variations(people, base, streams),
        placed,
        subsidised.called(code=base[subsidised.person] + 5 + subsidised.person % 2),
        _no_benefit(people, streams),
        *_off_benefit(people, fates, jobs.ordinary, streams),
        jobs.flexjob.called(code=771),
        _sick_in_flexjob(jobs.flexjob, streams, people.size),
        _education(people, fates, streams),
        *_pensions(people, fates, streams),
        *_leavings(people, streams, truth),
    )


def _base_code(people: People, streams: Streams) -> Ints:
    """Kontanthjælp (or integrationsydelse for some) or ressourceforløb, passive."""
    integration = (people.origin == 2) & (streams.uniform("integration", people.size) < 0.2)
    return np.where(people.benefit_type == 1, _RESOURCE, np.where(integration, _INTEGRATION, _CASH))


def _both(people: People) -> tuple[Bools, Bools]:
    everyone = np.ones(people.size, dtype=bool)
    return everyone, everyone


def _history(people: People, fates: Fates, streams: Streams, first: int) -> Spells:
    """What they lived on before the benefit at the lottery: another benefit, or a job."""
    luck = streams.uniform("history", people.size)
    cash = np.array([890, 111, 130, BLANK, 997])[pick(luck, (0.3, 0.25, 0.25, 0.15, 0.05))]
    later = np.array([730, 890, 111, BLANK])[pick(luck, (0.5, 0.35, 0.1, 0.05))]
    code = np.where(people.benefit_type == 1, later, cash)
    code = np.where(had_job_before(fates, streams), BLANK, code)
    start = np.full_like(code, first)
    return build_spells(start, fates.on_benefit_since, *_both(people), code=code)


def _benefit(people: People, fates: Fates, base: Ints) -> tuple[Spells, Spells]:
    """The benefit at the lottery; integrationsydelse began in September 2015."""
    since, introduced = fates.on_benefit_since, np.full_like(base, iso_week(2015, 36))
    before = (base == _INTEGRATION) & (since < introduced)
    return (
        build_spells(since, np.full_like(base, NEVER), *_both(people), code=base),
        build_spells(since, introduced, before, before, code=_INTEGRATION + 10),
    )


def _variations(people: People, base: Ints, streams: Streams) -> tuple[Spells, ...]:
    """Guidance and other benefits that have nothing to do with the effort."""
    origin, resource = people.randomised_week, people.benefit_type == 1
    layers: list[Spells] = []
    for purpose, code, when, weeks, share in (
        ("guidance before", base + 3, (-24, -12), (3, 13), 0.4),
        ("guidance after", base + 3, (5, 100), (3, 13), 0.5),
        ("course after", base + 4, (5, 100), (4, 19), 0.1),
        ("other benefit", np.where(resource, _CASH, _RESOURCE), (10, 110), (400, 401), 0.09),
        ("job-ready", np.where(resource, base, 130), (10, 110), (400, 401), 0.05),
    ):
        luck = streams.uniform(purpose, people.size)
        start = origin + spread(part(luck, 1), ((*when, 1.0),))
        end = start + spread(part(luck, 2), ((*weeks, 1.0),))
        layers.append(build_spells(start, end, luck < share, luck < share, code=code))
    return tuple(layers)


def _no_benefit(people: People, streams: Streams) -> Spells:
    """Weeks without a benefit that have no job behind them."""
    luck = streams.uniform("no benefit", people.size)
    start = people.randomised_week + spread(part(luck, 1), ((5, 95, 1),))
    end = start + spread(part(luck, 2), ((3, 31, 1),))
    return build_spells(start, end, luck < 0.04, luck < 0.04, code=BLANK)


def _off_benefit(
    people: People, fates: Fates, ordinary: tuple[Spells, ...], streams: Streams
) -> tuple[Spells, ...]:
    """Jobs of enough hours end the benefit; holidays and sickness show up in them."""
    blanks: list[Spells] = []
    for slot, jobs in enumerate(ordinary):
        luck = streams.uniform(f"off benefit {slot}", people.size)[jobs.person]
        hours = jobs.facts["weekly_hours"]
        share = np.select([hours == h for h, _ in _ALONE], [share for _, share in _ALONE], 0.0)
        new = jobs.start > people.randomised_week[jobs.person]
        tail = spread(part(luck, 1), ((0, 4, 1),))
        alone = jobs.between(jobs.start, jobs.end + tail).called(code=BLANK)
        blanks.append(alone.where(new & (luck < share)))
    blank = join_spells(blanks)
    return blank, *_holidays(blank), _sick_leave(blank, streams, people.size)


def _holidays(blank: Spells) -> tuple[Spells, ...]:
    """Two weeks of holiday pay from employment each July, for every other person."""
    layers: list[Spells] = []
    for year in (2016, 2017, 2018):
        week = np.full_like(blank.start, iso_week(year, 29))
        inside = (blank.start + 8 <= week) & (week + 6 <= blank.end) & (blank.person % 2 == 0)
        layers.append(blank.between(week, week + 2).called(code=121).where(inside))
    return tuple(layers)


def _sick_leave(blank: Spells, streams: Streams, n_persons: int) -> Spells:
    luck = streams.uniform("sick leave", n_persons)[blank.person]
    start = blank.start + spread(part(luck, 1), ((6, 30, 1),))
    end = start + spread(part(luck, 2), ((2, 8, 1),))
    sick = blank.between(start, end).called(code=890)
    return sick.where((luck < 0.2) & (end + 2 <= blank.end))


def _sick_in_flexjob(flexjob: Spells, streams: Streams, n_persons: int) -> Spells:
    luck = streams.uniform("sick in flexjob", n_persons)[flexjob.person]
    start = flexjob.start + spread(part(luck, 1), ((5, 35, 1),))
    return flexjob.between(start, start + 3).called(code=774).where(luck < 0.3)


def _education(people: People, fates: Fates, streams: Streams) -> Spells:
    """SU, until further notice."""
    luck = streams.uniform("education", people.size)
    share = np.where(people.birth_year > 1976, 0.045, 0.01)
    start = people.randomised_week + spread(part(luck, 1), ((8, 100, 1),))
    gets = fates.free & (luck < share)
    return build_spells(start, start + 400, gets, gets, code=651)


def _pensions(people: People, fates: Fates, streams: Streams) -> tuple[Spells, Spells]:
    """Disability pension for good: granted anyhow, or because of the effort."""
    luck = streams.uniform("pension week", people.size)
    start = people.randomised_week + spread(luck, _PENSIONS)
    later = np.maximum(start, fates.started_week + 13)
    never, end = np.zeros(people.size, dtype=bool), np.full_like(start, NEVER)
    return (
        build_spells(start, end, fates.pension, fates.pension, code=783),
        build_spells(later, end, never, fates.pension_if_treated, code=783),
    )


def _leavings(people: People, streams: Streams, truth: JobFirstTruth) -> tuple[Spells, ...]:
    away, back = draw_emigrations(people, streams, truth)
    dead, old = draw_deaths(people, streams, truth), date_folkepension(people)
    for_good = np.full_like(dead, NEVER)
    return tuple(
        build_spells(start, end, start < NEVER, start < NEVER, code=code)
        for start, end, code in ((away, back, 997), (old, for_good, 998), (dead, for_good, 999))
    )
