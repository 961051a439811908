"""What is planted in a synthetic JobFirst trial."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFirstTruth:
    """The parameters from which a JobFirst trial is drawn.

    Shares are proportions, before some die, emigrate or reach folkepension. Rates of hours
    concern weeks 0–103 after the lottery. The effects are those of being *drawn*; they work
    only through those who start because they were drawn. The control rates are invented.

    Examples
    --------
    A trial without any effect, to check how often an analysis finds one:

    >>> JobFirstTruth(effect_kontanthjaelp=0.0, effect_pension=0.0).take_up
    0.83
    """

    hours_kontanthjaelp: float = 0.12
    """Share with any ordinary hours without the effort, on kontanthjælp."""
    effect_kontanthjaelp: float = 0.08
    """What the lottery adds to that share."""
    hours_ressourceforloeb: float = 0.08
    """Share with any ordinary hours on ressourceforløb, in both arms."""
    effect_ressourceforloeb: float = 0.0
    pension_disadvantaged: float = 0.09
    """Share of the most disadvantaged granted disability pension without the effort."""
    effect_pension: float = 0.07
    """What the lottery adds to that share."""
    pension_others: float = 0.02
    take_up: float = 0.83
    """Share of the drawn who start."""
    contamination: float = 0.025
    """Share of the control group that gets the effort all the same."""
    first_site: float = 2.65
    """How many times as often people work, and are helped, in the first job centre."""
    snusepraktik: float = 0.64
    """Share of participants with a snusepraktik, elsewhere than in the first job centre."""
    snusepraktik_first_site: float = 0.82
    death: float = 0.012
    emigration: float = 0.010
    imputed: float = 0.06
    """Share of hour rows that are imputed."""
    ineligible: float = 0.015
    """Share found outside the target group after the lottery; they stay in the analysis."""
    late: float = 0.30
    """Share of hour rows of the delivery's last month that have not arrived yet."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            high = 3.0 if field.name == "first_site" else 1.0
            if not 0.0 <= value <= high:
                raise ValueError(f"{field.name} must lie in [0, {high:g}], not {value!r}")
        if self.take_up - self.contamination < 0.1:
            raise ValueError("take_up must exceed contamination by at least 0.1")
