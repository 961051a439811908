"""Of whom the tables of what was done tell, and what they are called."""

from __future__ import annotations

from jobeval.disclosure.released import ReleasedTable
from jobeval.reports.blocks import Paragraph
from jobeval.reports.sentences import lower_first
from jobeval.reports.story import Blocks, Story

PARTICIPANTS, DRAWN, CONTROL = "participants", "treatment", "control"
POPULATIONS = (PARTICIPANTS, DRAWN, CONTROL)


def own_population(table: ReleasedTable) -> str:
    """Who is told of as participants: everyone drawn to the effort where no start is known."""
    return PARTICIPANTS if PARTICIPANTS in table.column("population") else DRAWN


def name_populations(
    table: ReleasedTable, story: Story, among: tuple[str, ...] = POPULATIONS
) -> dict[str, str]:
    """The populations that a table tells of, in words, in the order of ``among``."""
    found = table.column("population")
    return {n: story.words.label("population", n) for n in among if n in found}


def both_groups(table: ReleasedTable, story: Story) -> dict[str, str]:
    """The control group and those told of as participants, in words."""
    return name_populations(table, story, (CONTROL, own_population(table)))


def tell_who(table: ReleasedTable, story: Story) -> Blocks:
    """What "participants" means where it is not known who started."""
    known = own_population(table) == PARTICIPANTS
    return [] if known else [Paragraph(text=story.say("programme.drawn"))]


def site_label(story: Story) -> str:
    """What the plan calls a site."""
    sites = story.results.plan.sites
    return story.say_label(sites.label) if sites is not None else ""


def rows_of(
    table: ReleasedTable, column: str, key: str, story: Story
) -> tuple[list[tuple[str, str, str]], tuple[tuple[int, str], ...]]:
    """Label, population and site of the rows of a table, and the headings within it.

    First everyone, population by population, then the participants of each site. ``column``
    holds the sites, and ``key`` begins the keys of the headings.
    """
    own = own_population(table)
    everyone = [(label, name, "") for name, label in name_populations(table, story).items()]
    sites = dict.fromkeys(
        str(r[column]) for r in table.records()
        if r["population"] == own and r[column] and r.get("group", "site") == "site"
    )  # fmt: skip
    if not sites:
        return everyone, ()
    heading = story.say(f"{key}_sites", site=lower_first(site_label(story)))
    groups = ((0, story.say(f"{key}_all")), (len(everyone), heading))
    return [*everyone, *((site, own, site) for site in sites)], groups
