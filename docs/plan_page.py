"""The keys of ``trial.toml``, written from the classes that read it. Part of ``make docs``."""

import ast
import inspect
import re
import textwrap
import types
import typing
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from jobeval.plan.analyses import (
    BoundsAnalysis,
    EffectAnalysis,
    FidelityAnalysis,
    IndexAnalysis,
    MarginsAnalysis,
    PathAnalysis,
    QuantileAnalysis,
    RiskAnalysis,
    SensitivityAnalysis,
    SortedGroupsAnalysis,
    SpilloverAnalysis,
    StateAnalysis,
    TakeUpAnalysis,
    Variant,
)
from jobeval.plan.cost_benefit import CostBenefitPlan, Price, Reimbursement, Step, Tax
from jobeval.plan.endpoints import (
    DeliveredExit,
    DeliveredOutcome,
    ExitEndpoint,
    RecurrentEndpoint,
    RetentionEndpoint,
    WindowEndpoint,
)
from jobeval.plan.exit_analyses import (
    CoxAnalysis,
    CurveAnalysis,
    ExitQuantilesAnalysis,
    ExitTakeUpAnalysis,
    FineGrayAnalysis,
    GrayAnalysis,
    IncidenceAnalysis,
    LogRankAnalysis,
    MeanWeeksAnalysis,
    OccupancyAnalysis,
    ParametricAnalysis,
    RecurrenceAnalysis,
    RelapseState,
    RetentionAnalysis,
    StateGroup,
    StateWeeksAnalysis,
)
from jobeval.plan.fidelity import (
    ActivityRule,
    AfterRule,
    DeliveredRule,
    DifferentCompaniesRule,
    FidelityElement,
    FidelityPlan,
    HoursBesideRule,
    LengthRule,
    NoGapRule,
    SupportRule,
)
from jobeval.plan.files import ActivitiesFile, BenefitsFile, Files, HoursFile, PersonsFile
from jobeval.plan.model import (
    Arm,
    Family,
    FollowUp,
    LagWeeks,
    Look,
    LotteryPlan,
    Resampling,
    Sites,
    StatesPlan,
    TrialPlan,
)
from jobeval.plan.parts import STATES, Label, Term
from jobeval.plan.place_analyses import PlacesAnalysis
from jobeval.plan.programme import Programme

HEAD = """# The plan: every key of `trial.toml`

Made from the classes that read the plan; do not edit. A key that is not listed is an error. Names
for people are tables `{ da = "…", en = "…" }`. Weeks are counted from the week of the lottery, and
windows are half-open: `[0, 52]` are the weeks 0 to 51. The smallest plans are those of
[National Supported Work](../examples/nsw/trial.toml) and [TARP](../examples/tarp/trial.toml).
"""
SECTIONS: dict[str, type[BaseModel]] = {
    "trial.toml": TrialPlan,
    "[[arms]] (one control, one or more treatments)": Arm,
    "[lottery]": LotteryPlan,
    "[sites]": Sites,
    "[follow_up]": FollowUp,
    "[follow_up.lag_weeks]": LagWeeks,
    "[looks.midterm], [looks.final]": Look,
    "[states]": StatesPlan,
    "[endpoints.NAME] over a window": WindowEndpoint,
    "[endpoints.NAME] first exit": ExitEndpoint,
    "[endpoints.NAME] retention of a job": RetentionEndpoint,
    "[endpoints.NAME] starts of jobs": RecurrentEndpoint,
    "[endpoints.NAME] delivered outcome": DeliveredOutcome,
    "[endpoints.NAME] delivered exit": DeliveredExit,
    "[[analyses]] effects": EffectAnalysis,
    "[[analyses]] those who take part": TakeUpAnalysis,
    "[[analyses]] shares": RiskAnalysis,
    "[[analyses]] hours with many zeros": MarginsAnalysis,
    "[[analyses]] quantiles": QuantileAnalysis,
    "[[analyses]] missing outcomes": BoundsAnalysis,
    "[[analyses]] fidelity": FidelityAnalysis,
    "[[analyses]] sorted groups": SortedGroupsAnalysis,
    "[[analyses]] spillover": SpilloverAnalysis,
    "[[analyses]] index": IndexAnalysis,
    "[[analyses]] sensitivity": SensitivityAnalysis,
    "[[analyses.variants]]": Variant,
    "[[analyses]] job centres side by side": PlacesAnalysis,
    "[[analyses]] weekly paths": PathAnalysis,
    "[[analyses]] exits: curves": CurveAnalysis,
    "[[analyses]] exits: log-rank test": LogRankAnalysis,
    "[[analyses]] exits: hazard ratio": CoxAnalysis,
    "[[analyses]] exits: mean weeks to a horizon": MeanWeeksAnalysis,
    "[[analyses]] exits: median and other quantiles": ExitQuantilesAnalysis,
    "[[analyses]] exits: by destination": IncidenceAnalysis,
    "[[analyses]] exits: test of one destination": GrayAnalysis,
    "[[analyses]] exits: ratio of subdistribution hazards": FineGrayAnalysis,
    "[[analyses]] exits: weeks at each destination": StateWeeksAnalysis,
    "[[analyses]] exits: of those who take part": ExitTakeUpAnalysis,
    "[[analyses]] exits: parametric models": ParametricAnalysis,
    "[[analyses]] ways between states": OccupancyAnalysis,
    "[[analyses.groups]]": StateGroup,
    "[analyses.relapse]": RelapseState,
    "[[analyses]] retention": RetentionAnalysis,
    "[[analyses]] recurrence": RecurrenceAnalysis,
    "[[analyses]] states": StateAnalysis,
    "covariates, balance": Term,
    "[families.NAME]": Family,
    "[resampling]": Resampling,
    "[programme]": Programme,
    "[fidelity]": FidelityPlan,
    "[[fidelity.elements]]": FidelityElement,
    "[fidelity.elements.rule] activities": ActivityRule,
    "[fidelity.elements.rule] different companies": DifferentCompaniesRule,
    "[fidelity.elements.rule] length": LengthRule,
    "[fidelity.elements.rule] support": SupportRule,
    "[fidelity.elements.rule] hours beside": HoursBesideRule,
    "[fidelity.elements.rule] after": AfterRule,
    "[fidelity.elements.rule] no gap": NoGapRule,
    "[fidelity.elements.rule] delivered": DeliveredRule,
    "[cost_benefit]": CostBenefitPlan,
    "[[cost_benefit.prices]]": Price,
    "[cost_benefit.tax]": Tax,
    "[cost_benefit.reimbursement]": Reimbursement,
    "[[cost_benefit.reimbursement.steps]]": Step,
    "[files]": Files,
    "[files.persons]": PersonsFile,
    "[files.benefits]": BenefitsFile,
    "[files.hours]": HoursFile,
    "[files.activities]": ActivitiesFile,
    "names for people": Label,
}
MOST_KINDS = 3


def build_plan_page() -> str:
    """All keys as Markdown: type or allowed values, and the default."""
    states = "States: " + ", ".join(f"`{state}`" for state in STATES) + ".\n"
    return "\n".join([HEAD, states, *(describe_keys(t, m) for t, m in SECTIONS.items())])


def describe_keys(title: str, model: type[BaseModel]) -> str:
    """A section of a page: what a class says of itself and of each of its keys."""
    says, _, parameters = inspect.cleandoc(model.__doc__ or "").partition("Parameters\n---")
    sentences = _sentences(model) | _parameters(parameters)
    says = " ".join(says.replace("``", "`").split())
    rows = [
        f"| `{name}` | {_type(field.annotation)} | {_default(field)} | {sentences.get(name, '')} |"
        for name, field in model.model_fields.items()
    ]
    head = "| key | holds | default | what it says |\n| --- | --- | --- | --- |"
    return f"## {title}\n\n{says}\n\n{head}\n" + "\n".join(rows) + "\n"


def _sentences(model: type[BaseModel]) -> dict[str, str]:
    """What stands below each key in the class and those that it is made of."""
    found: dict[str, str] = {}
    for part in reversed(model.__mro__):
        if issubclass(part, BaseModel) and part.__module__.startswith("jobeval"):
            [tree] = ast.parse(textwrap.dedent(inspect.getsource(part))).body
            assert isinstance(tree, ast.ClassDef)
            for field, below in zip(tree.body, tree.body[1:], strict=False):
                match field, below:
                    case (
                        ast.AnnAssign(target=ast.Name(id=name)),
                        ast.Expr(value=ast.Constant(value=str(text))),
                    ):
                        found[name] = " ".join(text.replace("``", "`").split())
                    case _:
                        pass
    return found


def _parameters(text: str) -> dict[str, str]:
    """The parameters of a numpydoc section: a name, and what is indented below it."""
    found = re.findall(r"^(\w+)\n((?: +.*\n?)+)", text, re.MULTILINE)
    return {name: " ".join(says.replace("``", "`").split()) for name, says in found}


def _default(field: Any) -> str:
    if field.is_required():
        return "**required**"
    value = field.get_default(call_default_factory=True)
    if value in (None, PydanticUndefined, (), {}) or isinstance(value, BaseModel):
        return ""
    if tuple(STATES) == value:
        return "the order above"
    return f"`{list(value) if isinstance(value, tuple) else value!r}`".replace("'", '"')


def _type(kind: Any) -> str:
    origin, inside = get_origin(kind), get_args(kind)
    if origin is typing.Annotated:
        return _type(inside[0])
    if origin is typing.Literal:
        long = set(inside) == set(STATES)
        return "a state" if long else ", ".join(f"`{value}`" for value in inside)
    if origin in (typing.Union, types.UnionType) and len(inside) > MOST_KINDS:
        return "one of the tables below"
    if origin in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(_type(one) for one in inside if one is not type(None)))
    if origin is tuple:
        several = len(inside) == 2 and inside[1] is Ellipsis
        pair = "pair of numbers" if inside[0] is float else "pair of weeks `[from, to]`"
        return f"list of {_type(inside[0])}" if several else pair
    if origin is dict:
        return f"table by name of {_type(inside[1])}"
    names: dict[Any, str] = {
        Label: "`{ da, en }`",
        str: "text",
        int: "whole number",
        float: "number",
        bool: "true or false",
    }
    return names.get(kind, getattr(kind, "__name__", str(kind)))
