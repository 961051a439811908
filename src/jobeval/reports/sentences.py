"""Plain sentences computed from released results."""

from __future__ import annotations

from collections.abc import Sequence

from jobeval.disclosure.released import ReleasedEstimate, ReleasedTest
from jobeval.figures.alt_texts import share_left
from jobeval.plan.endpoints import DeliveredOutcome, WindowEndpoint
from jobeval.reports.blocks import KeyNumber
from jobeval.reports.story import Pair, Story
from jobeval.text.numbers import DIGITS, digits_for


def digits_of(effect: ReleasedEstimate) -> int:
    """Decimals in which an effect is shown."""
    return digits_for(effect.unit, *effect.sizes)


def tell_effect(effect: ReleasedEstimate, story: Story) -> str:
    """The effect on everyone in one sentence, worded by what its interval allows."""
    label = story.endpoint(effect.endpoint)
    if effect.suppressed:
        return story.say("effect.hidden", label=label)
    if not effect.estimable:
        return story.say("effect.not_estimable", label=label)
    opening = story.say(
        _opening_key(effect, story), window=_window(effect.endpoint, story), label=label,
        treatment=tell_level(effect.mean_treatment, effect, story),
        control=tell_level(effect.mean_control, effect, story),
    )  # fmt: skip
    return opening + tell_verdict(effect, story) + _tell_family(effect, story)


def _tell_family(effect: ReleasedEstimate, story: Story) -> str:
    """A sentence where the effect alone is certain and its family of tests says it is not."""
    if not (effect.certain and effect.p_value_adjusted >= 1 - effect.conf_level):
        return ""
    p = story.words.numbers.p_equation(effect.p_value_adjusted)
    return f" {story.say('effect.not_after_family', p=p)}"


def tell_verdict(effect: ReleasedEstimate, story: Story) -> str:
    """The end of a sentence: the difference with its interval, and how sure it is."""
    return story.say(f"effect.{verdict(effect)}", **tell_difference(effect, story))


def tell_groups(effects: Sequence[ReleasedEstimate], story: Story) -> str:
    """The effects within groups, one after the other."""
    groups = "; ".join(_tell_group(effect, story) for effect in effects)
    return story.say("effect.groups", label=story.endpoint(effects[0].endpoint), groups=groups)


def tell_ratio(effect: ReleasedEstimate, event: str, story: Story) -> str:
    """A hazard ratio in one sentence, the same for welcome and for harmful events."""
    numbers, digits = story.words.numbers, DIGITS["hazard_ratio"]
    interval = numbers.interval(effect.conf_low, effect.conf_high, digits)
    return story.say(
        f"effect.ratio_{verdict(effect)}", event=event,
        percent=numbers.percent(abs(effect.estimate - 1), 0),
        ratio=numbers.decimal_number(effect.estimate, digits),
        interval=tell_interval(interval, effect, story),
        p=numbers.p_equation(effect.p_value),
    )  # fmt: skip


def tell_incidence(pair: Pair, destination: str, story: Story) -> str:
    """The share of each arm that has left to a destination in the end."""
    control, treatment = (share_left(curve) for curve in pair)
    numbers = story.words.numbers
    return story.say(
        "effect.incidence", week=min(curve.times[-1] for curve in pair),
        treatment=numbers.percent(treatment), control=numbers.percent(control),
        destination=destination,
    )  # fmt: skip


def tell_event(pair: Pair, event: str, story: Story) -> str:
    """The share of each arm for which a delivered event has occurred in the end."""
    control, treatment = (share_left(curve) for curve in pair)
    numbers = story.words.numbers
    return story.say(
        "effect.event", week=min(curve.times[-1] for curve in pair), event=event,
        treatment=numbers.percent(treatment), control=numbers.percent(control),
    )  # fmt: skip


def tell_weeks(effect: ReleasedEstimate, event: str, horizon: int, story: Story) -> str:
    """The mean weeks until an event, within a horizon, and how sure their difference is."""
    if not effect.estimable:
        return story.say(
            "effect.hidden" if effect.suppressed else "effect.not_estimable", label=event
        )
    opening = story.say(
        "effect.weeks_until", horizon=horizon, event=lower_first(event),
        treatment=tell_level(effect.mean_treatment, effect, story),
        control=tell_level(effect.mean_control, effect, story),
    )  # fmt: skip
    return opening + tell_verdict(effect, story)


def number_of(effect: ReleasedEstimate, label: str, story: Story) -> KeyNumber:
    """The effect as a key number: the difference large, the levels and the interval below."""
    if not effect.estimable:
        return KeyNumber(value=story.say("headline.hidden"), unit="", label=label, detail="")
    words, digits = story.words, digits_of(effect)
    scale = 100.0 if effect.unit == "share" else 1.0
    unit = words.numbers.points if effect.unit == "share" else words.unit(effect.unit)
    detail = story.say(
        "headline.effect_detail",
        treatment=words.quantity(effect.mean_treatment, effect.unit, digits),
        control=words.quantity(effect.mean_control, effect.unit, digits),
        interval=words.numbers.interval(effect.conf_low, effect.conf_high, digits, scale),
    )
    value = words.numbers.signed(scale * effect.estimate, digits)
    return KeyNumber(value=value, unit=unit, label=label, detail=detail)


def tell_numbers(effect: ReleasedEstimate, story: Story) -> dict[str, str]:
    """A difference with its sign, its interval and its p-value, for a sentence to hold."""
    signed = story.words.difference(effect.estimate, effect.unit, digits_of(effect))
    return {
        **tell_difference(effect, story),
        "difference": signed,
        "p": story.words.numbers.p_equation(effect.p_value),
    }


def lower_first(text: str) -> str:
    """A label as it stands within a sentence; a name like ``JobFirst`` keeps its capital.

    >>> lower_first("Social assistance"), lower_first("JobFirst"), lower_first("SU")
    ('social assistance', 'JobFirst', 'SU')
    """
    first = text.split(" ", 1)[0]
    return text if first[1:] != first[1:].lower() else text[:1].lower() + text[1:]


def _opening_key(effect: ReleasedEstimate, story: Story) -> str:
    endpoint = story.results.plan.endpoints[effect.endpoint]
    plain = isinstance(endpoint, WindowEndpoint) and not endpoint.min_hours_per_week
    if isinstance(endpoint, DeliveredOutcome):
        return "effect.delivered_share" if effect.unit == "share" else "effect.delivered_mean"
    key = f"effect.{endpoint.kind}"
    return key if plain and story.words.has(key) else "effect.any_other"


def _window(endpoint: str, story: Story) -> str:
    start, stop = story.window(endpoint) or (0, 0)
    key = "effect.window_later" if start else "effect.window_first"
    return story.say(key, start=start, stop=stop)


def verdict(effect: ReleasedEstimate) -> str:
    """``"more"``, ``"less"`` or ``"uncertain"``."""
    if not effect.certain:
        return "uncertain"
    return "more" if effect.estimate > effect.null else "less"


def tell_level(value: float, effect: ReleasedEstimate, story: Story) -> str:
    """A level as sentences need it: hours without their unit, which the sentence names."""
    shown = "" if effect.unit == "hours_per_week" else effect.unit
    return story.words.quantity(value, shown, digits_of(effect))


def tell_difference(effect: ReleasedEstimate, story: Story) -> dict[str, str]:
    """The size of the difference, with its unit, and its interval."""
    digits = digits_of(effect)
    scale = 100.0 if effect.unit == "share" else 1.0
    interval = story.words.interval(effect.conf_low, effect.conf_high, digits, scale)
    size = abs(effect.estimate) if effect.certain else effect.estimate
    return {
        "difference": story.words.difference(size, effect.unit, digits),
        "interval": tell_interval(interval, effect, story),
    }


def tell_p(test: ReleasedTest, inference: str, story: Story) -> str:
    """The p-value of a test, and how often the lottery was drawn anew for it."""
    p = story.words.numbers.p_equation(test.p_value)
    if inference != "lottery":
        return p
    draws = story.words.numbers.integer(story.results.plan.resampling.draws)
    return story.say("exits.p_by_lottery", p=p, draws=draws)


def tell_interval(interval: str, effect: ReleasedEstimate, story: Story) -> str:
    """An interval with its level."""
    level = story.words.numbers.percent(effect.conf_level, 0)
    return story.say("effect.interval", level=level, interval=interval)


def _tell_group(effect: ReleasedEstimate, story: Story) -> str:
    group = story.words.subgroup(effect.subgroup)
    if not effect.estimable:
        key = "effect.group_hidden" if effect.suppressed else "effect.group_not_estimable"
        return story.say(key, group=group)
    return story.say(
        f"effect.group_{verdict(effect)}", group=group,
        treatment=story.words.quantity(effect.mean_treatment, effect.unit, digits_of(effect)),
        control=story.words.quantity(effect.mean_control, effect.unit, digits_of(effect)),
        **tell_difference(effect, story),
    )  # fmt: skip
