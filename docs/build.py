"""Write the generated pages of ``docs/`` (endpoints, plan, monitoring, validation, data
dictionary) and the README's picture.

Run by ``make docs``; tests say when a page is not current.
"""

import io
from pathlib import Path

from endpoints_page import build_page
from monitor_page import build_monitor_page
from plan_page import build_plan_page
from validation_page import build_validation_page

from jobeval.disclosure.gate import release
from jobeval.evaluation.evaluate import evaluate
from jobeval.figures import plot_path
from jobeval.registers.dictionary import describe_tables
from jobeval.registers.trial import read_trial
from jobeval.text import read_words

DOCS = Path(__file__).parent
TRIAL = DOCS.parent / "data" / "synthetic" / "jobfirst"


def draw_any_hours() -> bytes:
    """Share with ordinary hours by week and arm, at the final look of the committed trial."""
    results = release(evaluate(read_trial(TRIAL), look="final"))
    arms = (results.plan.control, results.plan.treatment)
    paths = [c for c in results.curves if (c.endpoint, c.measure) == ("any_hours", "share")]
    curves = [c for arm in arms for c in paths if c.arm == arm.name and not c.subgroup]
    figure = plot_path(curves, {a.name: a.label.en for a in arms}, read_words("en"))
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=180, facecolor="white", metadata={"Software": None})
    return picture.getvalue()


def main() -> None:
    pages = {
        "endpoints.md": build_page().encode(),
        "plan.md": build_plan_page().encode(),
        "monitor.md": build_monitor_page().encode(),
        "validation.md": build_validation_page().encode(),
        "data-dictionary.md": describe_tables().encode(),
        "images/any-hours.png": draw_any_hours(),
    }
    for name, content in pages.items():
        (DOCS / name).parent.mkdir(exist_ok=True)
        (DOCS / name).write_bytes(content)


if __name__ == "__main__":
    main()
