"""Tables of the reports: released results as rows of formatted text."""

from jobeval.tables.beside import tabulate_places
from jobeval.tables.checks import (
    tabulate_attrition,
    tabulate_balance,
    tabulate_flow,
    tabulate_follow_up,
    tabulate_intensity,
    tabulate_sites,
    tabulate_suppressions,
)
from jobeval.tables.destinations import tabulate_destinations
from jobeval.tables.detectable import tabulate_detectable
from jobeval.tables.differences import tabulate_differences
from jobeval.tables.economics import (
    tabulate_amounts,
    tabulate_break_even,
    tabulate_mvpf,
    tabulate_prices,
    tabulate_scenarios,
)
from jobeval.tables.effects import tabulate_effects, tabulate_ratios
from jobeval.tables.exits import tabulate_incidence, tabulate_tests
from jobeval.tables.fidelity import tabulate_adherence, tabulate_registration
from jobeval.tables.jobs import tabulate_retention
from jobeval.tables.models import tabulate_models
from jobeval.tables.programme import (
    tabulate_effort,
    tabulate_indicators,
    tabulate_levels,
    tabulate_waiting,
    tabulate_waiting_by_site,
)
from jobeval.tables.table import Table, group_rows
from jobeval.tables.taking_part import tabulate_profile, tabulate_take_up
from jobeval.tables.ways import tabulate_moves

__all__ = [
    "Table",
    "group_rows",
    "tabulate_adherence",
    "tabulate_amounts",
    "tabulate_attrition",
    "tabulate_balance",
    "tabulate_break_even",
    "tabulate_destinations",
    "tabulate_detectable",
    "tabulate_differences",
    "tabulate_effects",
    "tabulate_effort",
    "tabulate_flow",
    "tabulate_follow_up",
    "tabulate_incidence",
    "tabulate_indicators",
    "tabulate_intensity",
    "tabulate_levels",
    "tabulate_models",
    "tabulate_moves",
    "tabulate_mvpf",
    "tabulate_places",
    "tabulate_prices",
    "tabulate_profile",
    "tabulate_ratios",
    "tabulate_registration",
    "tabulate_retention",
    "tabulate_scenarios",
    "tabulate_sites",
    "tabulate_suppressions",
    "tabulate_take_up",
    "tabulate_tests",
    "tabulate_waiting",
    "tabulate_waiting_by_site",
]
