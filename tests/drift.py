"""Have the reports of the committed trial and monitoring changed? Run by ``make drift``.

Printed values always bind. The bytes of HTML and PDF (and so of every figure) bind when the
libraries are those that made the committed checksums; other versions move pixels, not values.

    python tests/drift.py            compare, exit 1 on drift
    python tests/drift.py --accept   make today's the committed ones
"""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from jobeval.disclosure.gate import release
from jobeval.disclosure.monitoring import release_monitor
from jobeval.evaluation.evaluate import evaluate
from jobeval.monitoring.monitor import read_monitor
from jobeval.registers.trial import read_trial
from jobeval.reports.builder import build_report
from jobeval.reports.supplier.builder import build_supplier_report
from jobeval.reports.supplier.files import write_monitor_values
from jobeval.reports.values import compare_values, write_values
from jobeval.reports.writing import MANIFEST, write_report
from jobeval.text import LANGUAGES

ROOT = Path(__file__).parents[1]
TRIAL = ROOT / "data" / "synthetic" / "jobfirst"
MONITORING = ROOT / "data" / "synthetic" / "holbaek"
COMMITTED = ROOT / "tests" / "snapshots"


def build_all(out: Path) -> dict[str, bytes]:
    """The values of each look and of the monitoring, and the manifest of all reports."""
    trial = read_trial(TRIAL)
    made: dict[str, bytes] = {}
    for look in trial.plan.looks:
        released = release(evaluate(trial, look))
        made[f"values_{look}.json"] = write_values(released)
        for language in LANGUAGES:
            write_report(build_report(released, language), out)
    suppliers = release_monitor(read_monitor(MONITORING))
    made["values_supplier.json"] = write_monitor_values(suppliers)
    for language in LANGUAGES:
        write_report(build_supplier_report(suppliers, language), out)
    made["reports.json"] = (out / MANIFEST).read_bytes()
    return made


def find_drift(made: dict[str, bytes]) -> list[str]:
    """What differs from the committed values and checksums, one line each."""
    drift: list[str] = []
    for name, content in made.items():
        committed = json.loads((COMMITTED / name).read_text("utf-8"))
        found = json.loads(content)
        if name == "reports.json":
            if committed["versions"] != found["versions"]:
                print("other versions of libraries: bytes of HTML and PDF are not compared")
                continue
            committed, found = committed["files"], found["files"]
        drift += [f"{name}: {line}" for line in compare_values(committed, found)]
    return drift


def main() -> int:
    with TemporaryDirectory() as folder:
        made = build_all(Path(folder))
    if "--accept" in sys.argv:
        for name, content in made.items():
            (COMMITTED / name).write_bytes(content)
        print(f"accepted {len(made)} files in {COMMITTED.relative_to(ROOT)}")
        return 0
    drift = find_drift(made)
    print("\n".join(drift) or "no drift: values and reports are the committed ones")
    return 1 if drift else 0


if __name__ == "__main__":
    sys.exit(main())
