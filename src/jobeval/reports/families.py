"""Families of tests in words: by which method p-values are adjusted, and over how many."""

from __future__ import annotations

from collections.abc import Sequence

from jobeval.disclosure.released import ReleasedEstimate
from jobeval.plan.analyses import Analysis
from jobeval.reports.story import Story
from jobeval.results import OVER_SITES

METHOD_NAMES = {
    "bonferroni": "Bonferroni",
    "holm": "Holm",
    "benjamini-hochberg": "Benjamini–Hochberg",
    "sharpened-q": "Benjamini–Krieger–Yekutieli",
    "westfall-young": "Westfall–Young",
    "romano-wolf": "Romano–Wolf",
}


def name_methods(story: Story) -> list[str]:
    """The methods of the families with an analysis at this look, each once."""
    families = story.results.plan.families
    return list(dict.fromkeys(METHOD_NAMES[families[name].method] for name in _members(story)))


def tell_families(effects: Sequence[ReleasedEstimate], story: Story) -> tuple[str, ...]:
    """One sentence: the method and the number of tests of each family with an effect here."""
    shown = {effect.analysis for effect in effects if effect.p_value_adjusted >= 0}
    told = [_tell(name, story) for name, of in _members(story).items() if shown & of.keys()]
    return (story.say("family.note", families="; ".join(told)),) if told else ()


def tell_group_adjustment(column: str, story: Story) -> tuple[str, ...]:
    """How the p-values of a column's levels are adjusted."""
    families = story.results.plan.families
    asking = [a for a in story.main_analyses() if column in a.subgroups]
    whole = {a.family for a in asking if a.family and families[a.family].subgroups}
    own = [a for a in asking if a.family not in whole]
    told = [story.say("family.levels", method=METHOD_NAMES["holm"])] if own else []
    told += [_tell(name, story) for name in _members(story) if name in whole]
    return (story.say("family.note", families="; ".join(told)),)


def _members(story: Story) -> dict[str, dict[str, Analysis]]:
    """Family → its analyses at this look, by name."""
    found: dict[str, dict[str, Analysis]] = {}
    for analysis in story.analyses:
        family = getattr(analysis, "family", None)
        if family is not None:
            found.setdefault(family, {})[analysis.name] = analysis
    return found


def _tell(name: str, story: Story) -> str:
    family, members = story.results.plan.families[name], _members(story)[name]
    endpoints = {getattr(analysis, "endpoint", "") for analysis in members.values()}
    roles = {story.priorities.get(endpoint, "any") for endpoint in endpoints}
    role = roles.pop() if len(roles) == 1 else "any"
    arms = 1 + len(story.results.other_arms)
    key = "family.over_arms" if arms > 1 else "family.over"
    return story.say(
        key, method=METHOD_NAMES[family.method], n=arms * _count(name, story), arms=arms,
        endpoints=story.say(f"family.{role}"),
    )  # fmt: skip


def _count(name: str, story: Story) -> int:
    """The tests of a family in the comparison told, the hidden ones included."""
    family, members = story.results.plan.families[name], _members(story)[name]
    return sum(
        not effect.subgroup
        or (
            family.subgroups
            and effect.subgroup.partition("=")[0] in getattr(analysis, "subgroups", ())
        )
        for analysis in members.values()
        for effect in story.effects_of(analysis.name)
        if effect.part not in OVER_SITES and effect.estimator != "empirical Bayes"
    )
