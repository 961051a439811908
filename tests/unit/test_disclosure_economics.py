"""Kroner at the gate: one step for all amounts, nothing of few persons, no counts."""

import math
from dataclasses import replace

import pytest

from fabricated_money import fabricate_money
from jobeval.disclosure.economics import amount_step
from jobeval.disclosure.gate import release

MONEY = {check.name: check for check in fabricate_money()}


def release_money(fabricated, **changed):
    return release(replace(fabricated, checks={**fabricated.checks, **MONEY, **changed}))


def test_amounts_of_a_table_have_one_step(fabricated):
    released = release_money(fabricated)
    table = released.checks["cost_benefit"].table
    for name in ("estimate", "conf_low", "conf_high", "per_participant"):
        assert all(cell % 100 == 0 for cell in table.column(name))
    assert "n_apart" not in table.columns


def test_every_table_of_money_has_a_rule(fabricated):
    released = release_money(fabricated)
    assert all(len(released.checks[name].table) for name in MONEY)
    assert not any("no_rule" in entry.rule and entry.what.partition(": ")[2] in MONEY
                   for entry in released.log)  # fmt: skip


@pytest.mark.parametrize(("count", "hidden"), [(0, False), (1, True), (4, True), (5, False)])
def test_an_item_of_few_takes_all_items_with_it(fabricated, count, hidden):
    check = MONEY["cost_benefit"]
    table = check.table.copy()
    table.loc[table["item"] == "assistance", "n_apart"] = count
    released = release_money(fabricated, cost_benefit=replace(check, table=table))
    shown = set(released.checks["cost_benefit"].table.column("item"))
    assert shown == ({"net"} if hidden else set(table["item"]))
    noted = [e for e in released.log if (e.what, e.rule) == ("checks: cost_benefit", "few_persons")]
    assert bool(noted) == hidden


def test_infinite_and_undefined_ratios_pass_as_what_they_are(fabricated):
    table = release_money(fabricated).checks["mvpf"].table
    assert table.column("mvpf") == (0.15, math.inf, None)
    assert table.column("conf_high")[1] == math.inf


def test_a_table_without_rows_passes(fabricated):
    from jobeval.results import CheckResult

    empty = CheckResult(name="cost_benefit", passed=None, sentence="not estimable: why")
    assert len(release_money(fabricated, cost_benefit=empty).checks["cost_benefit"].table) == 0


@pytest.mark.parametrize(
    ("amounts", "step"),
    [([999.4], 1.0), ([1000.0], 10.0), ([-99_999.0, 3], 100.0), ([0.0], 1.0), ([math.nan], 1.0),
     ([math.inf, 5_000], 10.0)],
)  # fmt: skip
def test_steps(amounts, step):
    assert amount_step(amounts) == step
