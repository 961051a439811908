"""Figures of the reports. They read released results only and compute nothing."""

from jobeval.figures.balance import plot_balance
from jobeval.figures.beside import plot_beside
from jobeval.figures.delivery import plot_inflow, plot_intensity
from jobeval.figures.destinations import plot_stacked_destinations
from jobeval.figures.economics import (
    plot_break_even,
    plot_scenarios,
    plot_value_path,
    plot_waterfall,
)
from jobeval.figures.exits import plot_destinations, plot_exit_groups, plot_exits
from jobeval.figures.expected_weeks import plot_weeks
from jobeval.figures.fidelity import plot_adherence, plot_matrix, plot_trend
from jobeval.figures.forest import ForestRow, plot_forest
from jobeval.figures.funnel import plot_funnel
from jobeval.figures.hazards import plot_rate_ratio
from jobeval.figures.indicators import plot_indicators
from jobeval.figures.jobs import plot_job_starts, plot_kept_jobs
from jobeval.figures.models import plot_models
from jobeval.figures.occupancy import Way, plot_occupancy, plot_occupancy_by_state
from jobeval.figures.paths import (
    plot_accumulated,
    plot_difference,
    plot_path,
    plot_path_groups,
)
from jobeval.figures.quantiles import plot_quantiles
from jobeval.figures.ramp import plot_ramp
from jobeval.figures.saving import save_figure
from jobeval.figures.sequences import plot_sequences
from jobeval.figures.shares_of import plot_industries, plot_status
from jobeval.figures.specifications import SpecificationRow, plot_specifications
from jobeval.figures.states import plot_states
from jobeval.figures.thresholds import plot_thresholds

__all__ = [
    "ForestRow",
    "SpecificationRow",
    "Way",
    "plot_accumulated",
    "plot_adherence",
    "plot_balance",
    "plot_beside",
    "plot_break_even",
    "plot_destinations",
    "plot_difference",
    "plot_exit_groups",
    "plot_exits",
    "plot_forest",
    "plot_funnel",
    "plot_indicators",
    "plot_industries",
    "plot_inflow",
    "plot_intensity",
    "plot_job_starts",
    "plot_kept_jobs",
    "plot_matrix",
    "plot_models",
    "plot_occupancy",
    "plot_occupancy_by_state",
    "plot_path",
    "plot_path_groups",
    "plot_quantiles",
    "plot_ramp",
    "plot_rate_ratio",
    "plot_scenarios",
    "plot_sequences",
    "plot_specifications",
    "plot_stacked_destinations",
    "plot_states",
    "plot_status",
    "plot_thresholds",
    "plot_trend",
    "plot_value_path",
    "plot_waterfall",
    "plot_weeks",
    "save_figure",
]
