"""Write the synthetic monitoring of Holbæk as the folder that a real delivery would be."""

import json
from pathlib import Path

from jobeval.plan.files import InputFile
from jobeval.synthetic.folder import csv_text, write_folder
from jobeval.synthetic.holbaek import SyntheticMonitoring
from jobeval.synthetic.holbaek_citizens import QUOTAS, WORK

_README = """# A synthetic monitoring of suppliers in Holbæk
**Every person in this folder is invented**, and so are both suppliers. No register was read to
make it. The counts of supplier A on 15 August 2019 are those that were published of one supplier
of the municipality; all else is made up around them. There is no control group: nothing that is
computed from this folder is an effect.

Made by

    jobeval simulate holbaek --out FOLDER

with random numbers of NumPy's PCG64, so the command makes the same bytes on every platform.

Planted of supplier A on 15 August 2019 (`facts.json` has both suppliers):

- 190 citizens have begun a course since April 2019;
- 29 have begun an ordinary job, a flexjob or paid hours beside a benefit: 13, 5 and 11 of them.
  12 are in full-time jobs. "40 pct." was published of the 29, and no count of 29 gives it:
  11 are 37.9 and 12 are 41.4 percent;
- 5 are in full-time education, so that 34 of 190 are in work or education (17.9 percent,
  published as 18);
- 22 others are in a company placement;
- nobody's job is 26 weeks old, for the oldest course is not;
- one citizen had 2 paid hours in the first week, 65 in the first month of 31 days, and then a
  full-time wage subsidy of 6 months.

Supplier B has citizens who are younger and have been on benefits for a shorter time, so that
its higher rates say little by themselves.

| file | what it holds |
| --- | --- |
| `monitor.toml` | the plan: suppliers, targets, claims, contracts, and the dialect of the files |
| `forloeb.csv` | citizens and courses: 346 with the suppliers, 40 in the effort before |
| `job.csv` | jobs as spells: ordinary, flexjob and subsidised |
| `aktiviteter.csv` | contacts, trial visits, placements, educations |
| `ydelser.csv` | benefits as spells with DREAM codes |
| `fakturaer.csv` | milestones that the suppliers invoiced |
| `facts.json` | what was planted |
| `SHA256SUMS` | checksums; `sha256sum -c SHA256SUMS` |

The files are as a Danish delivery: semicolon, decimal comma, dates as 31-08-2019, UTF-8;
`dagen_efter` is the day after the last. They were drawn up after the cut-off: some courses begin
later, and some jobs had begun by 15 August but were registered after it, so that they are not
seen on that day.
Of the 40 citizens of the earlier effort 12 go on to a supplier, 20 have left and wait, 5 are no
longer on a benefit, and 3 are still in it. Among the invoices of supplier A is one for 13 weeks in
a job that was lost after 40 days.
"""


def write_monitoring(made: SyntheticMonitoring, folder: str | Path) -> Path:
    """Write plan, delivery, facts, readme and checksums; return the folder.

    Raises
    ------
    FileExistsError
        The folder holds a ``monitor.toml`` that is not of a synthetic monitoring.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from jobeval.synthetic.holbaek import simulate_holbaek
    >>> with TemporaryDirectory() as folder:
    ...     written = write_monitoring(simulate_holbaek(), folder)
    ...     sorted(path.name for path in written.iterdir())[:3]
    ['README.md', 'SHA256SUMS', 'aktiviteter.csv']
    """
    facts = {supplier: _facts(quotas) for supplier, quotas in QUOTAS.items()}
    texts = {
        "monitor.toml": made.plan_text,
        "README.md": _README,
        "facts.json": json.dumps(facts, indent=2) + "\n",
    }
    for name, table in made.files.items():
        file = InputFile.model_validate({k: v for k, v in table.items() if k != "layout"})
        texts[file.path] = csv_text(getattr(made, name), file)
    return write_folder(folder, texts, plan="monitor.toml", mark="facts.json")


def _facts(quotas: dict[str, int]) -> dict[str, int]:
    """The planted counts of one supplier, by status."""
    work = sum(quotas[fate] for fate in WORK)
    return {
        "intake": sum(quotas.values()),
        "ordinary": quotas["full_time"] + quotas["part_time"],
        "flexjob": quotas["flexjob"],
        "hours_beside_benefit": quotas["beside"],
        "any_work": work,
        "full_time": quotas["full_time"],
        "education": quotas["education"],
        "work_or_education": work + quotas["education"],
        "placement": quotas["placement"],
    }
