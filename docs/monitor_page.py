"""The keys of ``monitor.toml``, written from the classes that read it. Part of ``make docs``."""

from plan_page import describe_keys
from pydantic import BaseModel

from jobeval.monitoring.contracts.terms import (
    Caps,
    ClawBack,
    ContractTerms,
    Gaps,
    Milestone,
    Relapse,
)
from jobeval.monitoring.plan import (
    Claim,
    HandOver,
    MonitorFiles,
    MonitorPlan,
    Retention,
    Supplier,
    Targets,
)

HEAD = """# Monitoring: every key of `monitor.toml`

Made from the classes that read it; do not edit. A key that is not listed is an error. Names for
people are tables `{ da = "…", en = "…" }`; covariates and files are written as in
[the plan of a trial](plan.md). A whole one is that of
[the invented cohort](../data/synthetic/holbaek/monitor.toml). Monitoring has no control group:
nothing of it is an effect.
"""
SECTIONS: dict[str, type[BaseModel]] = {
    "monitor.toml": MonitorPlan,
    "[[suppliers]]": Supplier,
    "[targets]": Targets,
    "[retention]": Retention,
    "[[claims]]": Claim,
    "[[contracts]]": ContractTerms,
    "[[contracts.milestones]]": Milestone,
    "[contracts.gaps]": Gaps,
    "[contracts.relapse]": Relapse,
    "[contracts.caps]": Caps,
    "[contracts.milestones.claw_back]": ClawBack,
    "[[hand_over]]": HandOver,
    "[files]": MonitorFiles,
}


def build_monitor_page() -> str:
    """All keys as Markdown: type or allowed values, the default, and what each says."""
    return "\n".join([HEAD, *(describe_keys(t, m) for t, m in SECTIONS.items())])
