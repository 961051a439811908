"""Figures of the reports. They read released results only and compute nothing."""

from jobeval.figures.balance import plot_balance
from jobeval.figures.beside import plot_beside
from jobeval.figures.delivery import plot_inflow, plot_intensity
from jobeval.figures.exits import plot_destinations, plot_exit_groups, plot_exits
from jobeval.figures.forest import ForestRow, plot_forest
from jobeval.figures.paths import (
    plot_accumulated,
    plot_difference,
    plot_path,
    plot_path_groups,
)
from jobeval.figures.quantiles import plot_quantiles
from jobeval.figures.saving import save_figure
from jobeval.figures.specifications import SpecificationRow, plot_specifications
from jobeval.figures.states import plot_states
from jobeval.figures.thresholds import plot_thresholds

__all__ = [
    "ForestRow",
    "SpecificationRow",
    "plot_accumulated",
    "plot_balance",
    "plot_beside",
    "plot_destinations",
    "plot_difference",
    "plot_exit_groups",
    "plot_exits",
    "plot_forest",
    "plot_inflow",
    "plot_intensity",
    "plot_path",
    "plot_path_groups",
    "plot_quantiles",
    "plot_specifications",
    "plot_states",
    "plot_thresholds",
    "save_figure",
]
