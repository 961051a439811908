"""Figures of the reports. They read released results only and compute nothing."""

from jobeval.figures.balance import plot_balance
from jobeval.figures.delivery import plot_inflow, plot_intensity
from jobeval.figures.exits import plot_destinations, plot_exit_groups, plot_exits
from jobeval.figures.forest import ForestRow, plot_forest
from jobeval.figures.paths import (
    plot_accumulated,
    plot_difference,
    plot_path,
    plot_path_groups,
)
from jobeval.figures.saving import save_figure
from jobeval.figures.specifications import SpecificationRow, plot_specifications
from jobeval.figures.states import plot_states

__all__ = [
    "ForestRow",
    "SpecificationRow",
    "plot_accumulated",
    "plot_balance",
    "plot_destinations",
    "plot_difference",
    "plot_exit_groups",
    "plot_exits",
    "plot_forest",
    "plot_inflow",
    "plot_intensity",
    "plot_path",
    "plot_path_groups",
    "plot_specifications",
    "plot_states",
    "save_figure",
]
