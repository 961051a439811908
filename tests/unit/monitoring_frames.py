"""Small deliveries of suppliers for tests: a plan and frames from short rows."""

import datetime as dt

import pandas as pd

from jobeval.monitoring.plan import MonitorPlan

NAME = {"da": "Navn", "en": "Name"}


def make_plan(**more):
    """One supplier "A" in 2019, followed until 15 August."""
    tables = {
        "name": "example",
        "title": NAME,
        "municipality": "Holbæk",
        "begins": dt.date(2019, 1, 1),
        "cut_off": dt.date(2019, 8, 15),
        "suppliers": [{"name": "A", "label": NAME}],
    }
    return MonitorPlan.model_validate(tables | more)


def courses(*rows):
    """Rows of (person, started_on, ended_on, supplier)."""
    filled = [(*row, *(None, "A")[len(row) - 2 :]) for row in rows]
    frame = pd.DataFrame(filled, columns=["person_id", "started_on", "ended_on", "supplier"])
    return with_dates(frame, "started_on", "ended_on")


def jobs(*rows):
    """Rows of (person, kind, start, end, hours a week, registered_on)."""
    names = ["person_id", "kind", "start", "end", "hours_per_week", "registered_on"]
    filled = [(*row, *(37.0, None)[len(row) - 4 :]) for row in rows]
    frame = pd.DataFrame(filled, columns=names)
    return with_dates(frame, "start", "end", "registered_on")


def spells(*rows, **columns):
    """Rows of (person, start, end, code or kind)."""
    last = "code" if rows and isinstance(rows[0][3], int) else "kind"
    frame = pd.DataFrame(rows, columns=["person_id", "start", "end", last]).assign(**columns)
    return with_dates(frame, "start", "end")


def with_dates(frame, *names):
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in names})


def one(told, table, key, column="count"):
    """A table of a single supplier as a dict."""
    frame = told.tables[table].set_index(key)
    return {name: None if pd.isna(v) else v for name, v in frame[column].to_dict().items()}
