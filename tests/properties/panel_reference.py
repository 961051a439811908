"""The same definitions once more, slowly: loops over dicts, no engine, no code list.

Written from the definitions and not from the fast code; ``test_panel_against_reference``
compares the two on random registers.
"""

import datetime as dt
from collections import defaultdict

EPOCH_THURSDAY = dt.date(1970, 1, 1)


def thursday(week):
    return EPOCH_THURSDAY + dt.timedelta(days=7 * week)


def month_number(date):
    return 12 * date.year + date.month - 1


def code_state(code):
    if code in (997, 998, 999):
        return "out_of_population"
    if code == 783:
        return "disability_pension"
    if code in (771, 774, 781):
        return "flexjob"
    if code in (651, 652, 661):
        return "education"
    if code in (121, 122, 123):
        return None
    if code == 881 or 890 <= code <= 899:
        return "sickness_benefit"
    capable = 130 <= code <= 149 or 211 <= code <= 218 or 700 <= code <= 769 or 810 <= code <= 818
    if capable and code % 10 in (5, 6):
        return "wage_subsidy"
    if capable and code % 10 in (7, 8):
        return "placement"
    return "benefit"


class Reference:
    """All persons × weeks of one look, as dicts keyed by person and relative week."""

    def __init__(self, plan, look, persons, benefits, hours, activities, coverage):
        self.horizon = plan.follow_up.horizon_weeks
        self.priority = plan.states.priority
        cut = plan.looks[look].cut_off
        lag = plan.follow_up.lag_weeks
        self.persons = [p for p in persons if p["randomised_on"] <= cut]
        self.benefits, self.hours_rows, self.activities = benefits, hours, activities
        self.cut = cut
        sunday = {r: cut - dt.timedelta(weeks=getattr(lag, r)) for r in
                  ("benefits", "hours", "activities")}  # fmt: skip
        self.sunday, self.coverage = sunday, coverage
        self.followed = {p["person_id"]: self.follow(p) for p in self.persons}
        self.weeks = {p["person_id"]: self.person_weeks(p) for p in self.persons}

    def benefits_seen(self, week):
        first, stop = self.coverage.benefits
        over = thursday(week) + dt.timedelta(days=3) <= self.sunday["benefits"]
        return first <= week < stop and over

    def hours_seen(self, week):
        month = month_number(thursday(week))
        first, stop = self.coverage.hours
        next_month = dt.date((month + 1) // 12, (month + 1) % 12 + 1, 1)
        return first <= month < stop and next_month - dt.timedelta(days=1) <= self.sunday["hours"]

    def activities_seen(self, week):
        return thursday(week) + dt.timedelta(days=3) <= self.sunday["activities"]

    def count(self, origin, seen):
        followed = 0
        while followed < self.horizon and seen(origin + followed):
            followed += 1
        return followed

    def follow(self, person):
        origin = person["randomised_week"]
        b = self.count(origin, self.benefits_seen)
        h = self.count(origin, self.hours_seen)
        a = self.count(origin, self.activities_seen)
        return {"benefits": b, "hours": h, "both": min(b, h), "state": min(a, b, h)}

    def person_weeks(self, person):
        pid, origin = person["person_id"], person["randomised_week"]
        monthly = defaultdict(float)
        reported = defaultdict(float)
        for row in self.hours_rows:
            if row["person_id"] == pid and not row["supported"]:
                monthly[row["month"]] += row["hours"]
                if not row["imputed"]:
                    reported[row["month"]] += row["hours"]
        spells = [s for s in self.benefits if s["person_id"] == pid]
        acts = [a for a in self.activities if a["person_id"] == pid]
        weeks = []
        for relative in range(self.horizon):
            week = origin + relative
            month = month_number(thursday(week))
            codes = {s["code"] for s in spells if s["start_week"] <= week < s["end_week"]}
            codes |= {
                s["code"] for s in spells if s["start_week"] <= week and s["code"] in (998, 999)
            }
            kinds = {a["kind"] for a in acts if a["start_week"] <= week < a["end_week"]}
            weeks.append(self.one_week(codes, kinds, monthly[month] * 12 / 52,
                                       reported[month] * 12 / 52))  # fmt: skip
        return weeks

    def one_week(self, codes, kinds, hours, reported):
        states = {code_state(c) for c in codes} - {None}
        benefit = any(c not in (121, 122, 123, 997, 998, 999) for c in codes)
        out = "out_of_population" in states
        if benefit:
            states.add("benefit")
        if "loentilskud" in kinds:
            states.add("wage_subsidy")
        if kinds & {"snusepraktik", "virksomhedspraktik"}:
            states.add("placement")
        if hours > 0:
            states.add("benefit_with_hours" if benefit else "employment")
        elif not benefit and not out:
            states.add("self_supporting")
        state = next(s for s in self.priority if s in states)
        return {"state": state, "hours": hours, "reported": reported, "benefit": benefit,
                "out": out}  # fmt: skip

    def leaving_week(self, pid):
        for k in range(self.followed[pid]["benefits"]):
            if self.weeks[pid][k]["out"]:
                return k
        return None

    def value_of_week(self, endpoint, week):
        if endpoint.kind in ("weeks_in_state", "longest_spell"):
            return 1.0 if week["state"] in endpoint.states else 0.0
        hours = 0.0 if week["out"] else week["hours"]
        if "without_benefit" in endpoint.kind and week["benefit"]:
            hours = 0.0
        if endpoint.kind.startswith("mean"):
            return hours
        least = endpoint.min_hours_per_week
        return float(hours > 0 and hours >= least - 0.00115)

    def followed_for(self, endpoint, pid):
        states = endpoint.kind in ("weeks_in_state", "longest_spell", "first_exit")
        return self.followed[pid]["state" if states else "both"]

    def outcome(self, endpoint, look, pid):
        start, stop = endpoint.window(look)
        if self.followed_for(endpoint, pid) < stop:
            return None, "not_observed"
        left = self.leaving_week(pid)
        if endpoint.on_leaving == "exclude" and left is not None and left < stop:
            return None, "out_of_population"
        values = [self.value_of_week(endpoint, w) for w in self.weeks[pid][start:stop]]
        if endpoint.kind.startswith("any"):
            return max(values), "observed"
        if endpoint.kind.startswith("mean"):
            return sum(values) / len(values), "observed"
        if endpoint.kind == "weeks_in_state":
            return sum(values), "observed"
        longest = run = 0
        for value in values:
            run = run + 1 if value else 0
            longest = max(longest, run)
        return float(longest), "observed"

    def exit(self, endpoint, pid):
        """``None`` when left out, else duration and destination."""
        at_once = ("disability_pension", "out_of_population")
        needs = {d: 1 if d in at_once else endpoint.min_weeks for d in endpoint.destinations}
        followed = self.followed_for(endpoint, pid)
        at_risk = followed - max(needs.values()) + 1
        left = self.leaving_week(pid)
        if at_risk <= 0:
            return None
        if (endpoint.on_leaving == "exclude" and "out_of_population" not in needs
                and left is not None and left < at_risk):  # fmt: skip
            return None
        states = [w["state"] for w in self.weeks[pid][:followed]]
        for k in range(at_risk):
            length = needs.get(states[k])
            begins = k == 0 or states[k - 1] != states[k]
            if length and begins and states[k : k + length] == [states[k]] * length:
                return k + 1, states[k]
        return at_risk, None
