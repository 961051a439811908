"""The DREAM code list against the published meanings."""

import datetime as dt

import numpy as np
import pytest

from jobeval.schemas.calendar import week_of
from jobeval.schemas.dream import activation_kind, dream_code_table, dream_groups, read_dream_codes

WEEK = week_of(dt.date(2016, 6, 1))
PUBLISHED = {
    "dagpenge": [111, 114, 211, 218, 231, 232, 299],
    "employment": [121, 122, 123],
    "kontanthjaelp_job_ready": [130, 131, 133, 139],
    "kontanthjaelp": [730, 731, 733, 739],
    "uddannelseshjaelp": [140, 143, 149, 720, 723, 729],
    "integrationsydelse": [700, 703, 709],
    "ressourceforloeb": [810, 813, 818],
    "sygedagpenge": [890, 893, 899],
    "barsel": [881],
    "ledighedsydelse": [740, 741, 743, 748],
    "fleksjob": [771, 774],
    "skaanejob": [781],
    "foertidspension": [783],
    "su": [651, 652, 661],
    "efterloen": [621],
    "not_resident": [997],
    "folkepension": [998],
    "dead": [999],
}


@pytest.mark.parametrize(("group", "codes"), PUBLISHED.items(), ids=list(PUBLISHED))
def test_codes_mean_what_is_published(group: str, codes: list[int]) -> None:
    assert set(dream_groups(np.array(codes), np.full(len(codes), WEEK))) == {group}


@pytest.mark.parametrize("code", [0, 115, 132, 142, 555, 732, 742, 782, 811, 891, 1000])
def test_other_codes_are_unknown(code: int) -> None:
    assert dream_groups(np.array([code]), np.array([WEEK])).tolist() == [None]


def test_a_code_is_known_only_while_it_is_valid() -> None:
    days = (dt.date(2014, 6, 29), dt.date(2014, 6, 30), dt.date(2016, 12, 31), dt.date(2017, 1, 2))
    weeks = np.array([week_of(day) for day in days])
    known = [group is not None for group in dream_groups(np.full(4, 785), weeks)]
    assert known == [False, True, True, False]


def test_last_digits_tell_the_activation() -> None:
    kinds = {code: activation_kind(code) for code in (735, 736, 737, 818, 734, 739, 783, 899, 114)}
    assert kinds == {
        735: "wage_subsidy",
        736: "wage_subsidy",
        737: "placement",
        818: "placement",
        734: "education",
        739: "community_work",
        783: None,
        899: None,
        114: None,
    }


def test_no_code_means_two_things_at_a_time() -> None:
    for code in range(100, 1000):
        rows = [row for row in read_dream_codes() if row.first <= code <= row.last]
        spans = sorted((row.start_week, row.end_week) for row in rows)
        ends = [end for _, end in spans[:-1]]
        assert all(end <= start for end, (start, _) in zip(ends, spans[1:], strict=True))
    assert len({row.code for row in dream_code_table()}) == len(dream_code_table())
