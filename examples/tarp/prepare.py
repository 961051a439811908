"""Write the TARP trial as a trial folder.

    python examples/tarp/prepare.py FOLDER
    jobeval report FOLDER --look final --out FOLDER/reports

The data come from the package ``lifelines`` (``load_rossi``).
"""

import shutil
import sys
from pathlib import Path

import pandas as pd
from lifelines.datasets import load_rossi


def build_persons() -> pd.DataFrame:
    """One row a man: arm, baseline, week of arrest or of the end of follow-up."""
    men = load_rossi()
    persons = men.drop(columns="fin")
    persons.insert(0, "person_id", [f"{number:03d}" for number in range(1, len(men) + 1)])
    persons.insert(1, "arm", men["fin"].map({1: "aid", 0: "no aid"}))
    return persons


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    build_persons().to_csv(folder / "persons.csv", index=False, lineterminator="\n")
    shutil.copyfile(Path(__file__).with_name("trial.toml"), folder / "trial.toml")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
