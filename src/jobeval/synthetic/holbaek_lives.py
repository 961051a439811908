"""What the invented citizens of Holbæk live through: jobs, activities, benefits, courses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from jobeval.synthetic.holbaek_citizens import CUT_OFF, NOW, WORK, Citizen

INDUSTRIES = (
    "Byggeri og nedrivning", "Lager og logistik", "Detailhandel", "Facility service",
    "Hotel og restauration", "Kontor og administration", "Auto", "Grønne områder",
)  # fmt: skip
KINDS = {"full_time": "ordinary", "part_time": "ordinary", "beside": "ordinary"}
"""Kind of job of a fate; flexjobs and subsidised jobs are called as their fates are."""
CODES = {"kontanthjælp": 730, "uddannelseshjælp": 720, "integrationsydelse": 700}
STUDY, SUBSIDY, FLEXJOB = 651, 735, 771
_REASONS = ("sygdom", "fraflyttet", "udeblivelse", "andet")
_PLACEMENT_DAYS = 91
Row = dict[str, object]


@dataclass(slots=True)
class Life:
    """The rows of one citizen; days since 1970, ``None`` for an open end."""

    citizen: Citizen
    work_start: int
    """First day of the job, the education or the wage subsidy; meaningless without one."""
    ended: int | None = None
    reason: str | None = None
    jobs: list[Row] = field(default_factory=list[Row])
    activities: list[Row] = field(default_factory=list[Row])
    benefits: list[Row] = field(default_factory=list[Row])


def live(citizens: Sequence[Citizen]) -> list[Life]:
    """The lives of all citizens, in their order; some jobs are lost, changed or told late."""
    lives = [Life(one, _work_start(one)) for one in citizens]
    for one in lives:
        _work(one)
    for supplier in ("A", "B"):
        mine = [one for one in lives if one.citizen.supplier == supplier]
        _deal_industries(mine)
        _tell_the_one(mine, supplier)
        _lose_and_change(mine)
        _tell_late(mine)
    for one in lives:
        _end_course(one)
        one.benefits = list(_benefits(one))
        one.activities = list(_activities(one))
    return lives


def _work_start(one: Citizen) -> int:
    room = min(60, CUT_OFF - 3 - one.start - 10)
    return one.start + 10 + int(one.luck[2] ** 2 * room)


def _work(life: Life) -> None:
    """The one job of a fate that has any."""
    one, luck = life.citizen, life.citizen.luck
    hours = {
        "full_time": 37,
        "part_time": 15 + int(luck[3] * 15),
        "flexjob": 6 + int(luck[3] * 14),
        "beside": 2 + int(luck[3] * 12),
        "subsidised": 37 if luck[3] < 0.5 else 25,
    }.get(one.fate)
    if hours is not None:
        kind = KINDS.get(one.fate, one.fate)
        end = life.work_start + 182 if one.fate == "subsidised" else None
        life.jobs = [_job(life, kind, life.work_start, end, hours_per_week=hours)]


def _job(life: Life, kind: str, start: int, end: int | None, **more: object) -> Row:
    number = int(life.citizen.luck[4] * 900) + start % 7
    known_on = min(start + 1 + int(life.citizen.luck[5] * 12), max(CUT_OFF, start))
    return {
        "person_id": life.citizen.person_id, "employer_id": f"v{number:04d}", "kind": kind,
        "start": start, "end": end, "hours": None, "hours_per_week": None,
        "industry": INDUSTRIES[number % len(INDUSTRIES)], "registered_on": known_on, **more,
    }  # fmt: skip


def _deal_industries(lives: Sequence[Life]) -> None:
    """All the industries, the first three more often than the others."""
    with_jobs = [life for life in lives if life.jobs]
    bag = (*INDUSTRIES, *INDUSTRIES[:3])
    for place, life in enumerate(with_jobs):
        life.jobs[0]["industry"] = bag[7 * place % len(bag)]


def _tell_the_one(lives: Sequence[Life], supplier: str) -> None:
    """The published course: 2 paid hours, 65 in the first month, then full-time wage subsidy."""
    if supplier != "A":
        return
    one = min(_of_fate(lives, "beside"), key=lambda life: life.work_start)
    first, month = one.work_start, one.work_start + 31
    one.jobs = [
        _job(one, "ordinary", first, first + 7, hours=2),
        _job(one, "ordinary", first + 7, month, hours=63),
        _job(one, "subsidised", month, month + 183, hours_per_week=37),
    ]
    for job in one.jobs:
        job["employer_id"], job["industry"] = one.jobs[0]["employer_id"], one.jobs[0]["industry"]


def _lose_and_change(lives: Sequence[Life]) -> None:
    """Of the full-time jobs one is lost and two go on elsewhere, one of these after too long."""
    lost, quick, slow, *_ = sorted(_of_fate(lives, "full_time"), key=lambda life: life.work_start)
    lost.jobs[0]["end"] = lost.work_start + 40
    for life, gap in ((quick, 5), (slow, 20)):
        left = life.work_start + 30
        life.jobs[0]["end"] = left
        again = _job(life, "ordinary", left + gap, None, hours_per_week=37)
        life.jobs.append({**again, "employer_id": f"v9{left % 90:03d}"})
    hours_lost = sorted(_of_fate(lives, "beside"), key=lambda life: life.work_start)[1:4]
    for life in hours_lost:
        life.jobs[0]["end"] = life.work_start + 28


def _tell_late(lives: Sequence[Life]) -> None:
    """Three jobs had begun by the cut-off, and nobody knew of them yet."""
    for life in _of_fate(lives, "rest")[:3]:
        start = CUT_OFF - 10
        life.jobs = [_job(life, "ordinary", start, None, hours_per_week=10)]
        life.jobs[0]["registered_on"] = CUT_OFF + 7


def _of_fate(lives: Sequence[Life], fate: str) -> list[Life]:
    return [life for life in lives if life.citizen.fate == fate]


def _end_course(life: Life) -> None:
    """Some courses end: with a job, an education, or for another reason."""
    one, luck = life.citizen, life.citizen.luck
    if one.fate == "education" or (one.fate == "full_time" and luck[6] < 0.6):
        life.ended = life.work_start
        life.reason = "uddannelse" if one.fate == "education" else "job"
    elif one.fate == "rest" and luck[6] < 0.22 and one.start < CUT_OFF - 40 and not life.jobs:
        life.ended = one.start + 20 + int(luck[7] * (CUT_OFF - 20 - one.start))
        life.reason = _REASONS[int(luck[6] / 0.22 * 1.0001 * len(_REASONS)) % len(_REASONS)]


def _benefits(life: Life) -> Iterator[Row]:
    """The benefit until work begins, and what there is then."""
    one, code = life.citizen, CODES[life.citizen.benefit_type]
    since = one.start - 365 * one.benefit_years - int(one.luck[7] * 300)
    after = {"flexjob": FLEXJOB, "education": STUDY, "subsidised": SUBSIDY}.get(one.fate)
    leaves = after is not None or one.fate in {"full_time", "part_time"}
    subsidised = [job for job in life.jobs if job["kind"] == "subsidised"]
    if one.fate == "beside" and subsidised:
        change = int(str(subsidised[0]["start"]))
        yield _benefit(one, since, change, code)
        yield _benefit(one, change, None, SUBSIDY)
        return
    yield _benefit(one, since, life.work_start if leaves else None, code)
    if after is not None:
        yield _benefit(one, life.work_start, None, after)
    elif leaves and life.jobs[-1]["end"] is not None:
        yield _benefit(one, int(str(life.jobs[-1]["end"])), None, code)


def _benefit(one: Citizen, start: int, end: int | None, code: int) -> Row:
    return {"person_id": one.person_id, "start": start, "end": end, "code": code}


def _activities(life: Life) -> Iterator[Row]:
    """Contacts once a month, trial visits, placements, education."""
    one, luck = life.citizen, life.citizen.luck
    last = CUT_OFF if life.ended is None else life.ended
    for day in range(one.start + int(luck[5] * 9), last + 1, 30):
        yield _activity(life, "contact", day, day + 1)
    if luck[4] < 0.55 and one.start + 30 < last:
        begin = one.start + 6 + int(luck[6] * 18)
        yield _activity(life, "snusepraktik", begin, begin + 10, hours=15)
    yield from _placements(life)
    if one.fate == "education":
        yield _activity(life, "education", life.work_start, None, hours=37)


def _placements(life: Life) -> Iterator[Row]:
    """Under way on 15 August for those whose fate it is, over by then for others."""
    one, luck = life.citizen, life.citizen.luck
    kind = "virksomhedspraktik"
    if one.fate == "placement":
        begin = max(one.start + 1, CUT_OFF - 80 + int(luck[2] * 75))
        yield _activity(life, kind, begin, begin + _PLACEMENT_DAYS, hours=25)
    elif one.fate in WORK and luck[3] < 0.6 and life.work_start - one.start > 20:
        yield _activity(life, kind, one.start + 8, life.work_start, hours=20)
    elif one.fate == "rest" and luck[3] < 0.2 and one.start + 60 < (life.ended or CUT_OFF):
        yield _activity(life, kind, one.start + 15, one.start + 43, hours=20)


def _activity(
    life: Life, kind: str, start: int, end: int | None, hours: float | None = None
) -> Row:
    """At a company, unless it is a contact or an education."""
    number = int(life.citizen.luck[1] * 700)
    company = kind not in {"contact", "education"}
    return {
        "person_id": life.citizen.person_id, "kind": kind, "start": start, "end": end,
        "company_id": f"v{number:04d}" if company else None,
        "industry": INDUSTRIES[number % len(INDUSTRIES)] if company else None,
        "provider": life.citizen.supplier, "planned_hours": hours,
    }  # fmt: skip


def course_row(life: Life) -> Row:
    """The citizen's row of participants."""
    one = life.citizen
    return {
        "person_id": one.person_id, "supplier": one.supplier, "programme": NOW,
        "started_on": one.start, "ended_on": life.ended, "end_reason": life.reason,
        "birth_year": one.birth_year, "sex": one.sex, "benefit_type": one.benefit_type,
        "benefit_years": one.benefit_years,
    }  # fmt: skip
