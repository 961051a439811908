"""The effort before: 40 invented citizens, of whom 12 go on to the suppliers."""

from __future__ import annotations

from collections.abc import Sequence

from jobeval.synthetic.holbaek_citizens import BEGINS, EARLIER
from jobeval.synthetic.holbaek_lives import Life, Row, course_row
from jobeval.synthetic.streams import Streams

GO_ON = {"A": 8, "B": 4}
_STAY, _WAIT, _LOST = 3, 20, 5
"""Still in the earlier effort, left and still on a benefit, left and no longer seen."""


def build_earlier(lives: Sequence[Life], streams: Streams) -> tuple[list[Row], list[Row]]:
    """Rows of participants and of benefits of the earlier effort.

    One of those who go on begins with the supplier ten days before the earlier course ends.
    """
    luck = streams.uniform("earlier effort", (sum(GO_ON.values()) + _STAY + _WAIT + _LOST, 4))
    courses = _courses_before(lives, luck.tolist())
    benefits: list[Row] = []
    others = ["stay"] * _STAY + ["wait"] * _WAIT + ["lost"] * _LOST
    for number, (fate, u) in enumerate(zip(others, luck[len(courses) :].tolist(), strict=True)):
        person = f"h{3001 + 11 * number:05d}"
        ended = None if fate == "stay" else BEGINS - 4 - int(u[0] * 80)
        courses.append(_course(person, ended, u))
        gone = None if fate != "lost" or ended is None else ended + 7
        benefits.append({"person_id": person, "start": BEGINS - 1500, "end": gone, "code": 730})
    return courses, benefits


def _courses_before(lives: Sequence[Life], luck: list[list[float]]) -> list[Row]:
    """The earlier courses of those who went on, with gaps of some weeks."""
    chosen: list[Life] = []
    for supplier, count in GO_ON.items():
        mine = [one for one in lives if one.citizen.supplier == supplier]
        chosen += mine[3 : 3 + 2 * count : 2]
    rows: list[Row] = []
    for number, (life, u) in enumerate(zip(chosen, luck, strict=False)):
        gap = -10 if number == 0 else 3 + int(u[0] * 60)
        now = course_row(life)
        same = {name: now[name] for name in ("birth_year", "sex", "benefit_type", "benefit_years")}
        rows.append({**_course(life.citizen.person_id, life.citizen.start - gap, u), **same})
    return rows


def _course(person: str, ended: int | None, u: list[float]) -> Row:
    return {
        "person_id": person, "supplier": "Jobcentret", "programme": EARLIER,
        "started_on": BEGINS - 200 - int(u[1] * 160), "ended_on": ended,
        "end_reason": None if ended is None else "indsatsen stoppede",
        "birth_year": 1962 + int(u[2] * 28), "sex": "kvinde" if u[3] < 0.5 else "mand",
        "benefit_type": "kontanthjælp", "benefit_years": 3 + int(u[3] * 8),
    }  # fmt: skip
