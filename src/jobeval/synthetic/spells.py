"""Spells that happen with the effort, without it, or both ways."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from jobeval.synthetic.streams import Ints

Bools = NDArray[np.bool_]
NEVER = 1 << 40  # a week after all others


@dataclass(frozen=True, slots=True, eq=False)
class Spells:
    """Half-open spells in integer weeks (or days), arrays of shape ``(m,)``.

    ``untreated`` and ``treated`` say in which of the two worlds of the person a spell exists;
    ``facts`` holds more about it, such as its code.
    """

    person: Ints
    start: Ints
    end: Ints
    untreated: Bools
    treated: Bools
    facts: Mapping[str, Ints]

    def lived(self, received: Ints) -> "Spells":
        """The spells of the world in which person ``i`` got the effort if ``received[i]``."""
        return self.where(np.where(received[self.person] == 1, self.treated, self.untreated))

    def where(self, keep: Bools) -> "Spells":
        """The spells for which ``keep`` holds."""
        return Spells(
            self.person[keep],
            self.start[keep],
            self.end[keep],
            self.untreated[keep],
            self.treated[keep],
            {name: value[keep] for name, value in self.facts.items()},
        )

    def between(self, start: Ints, end: Ints) -> "Spells":
        """The same spells with other bounds."""
        return replace(self, start=start, end=end)

    def called(self, **facts: Ints | int) -> "Spells":
        """The same spells with these facts instead."""
        return replace(
            self, facts={k: np.broadcast_to(v, self.start.shape) for k, v in facts.items()}
        )

    def cut(self, last: Ints) -> "Spells":
        """End every spell at ``last`` of its person, and drop what starts later."""
        end = np.minimum(self.end, last[self.person])
        return self.between(self.start, end).where(end > self.start)


def build_spells(
    start: Ints, end: Ints, untreated: Bools, treated: Bools, **facts: Ints | int
) -> Spells:
    """Spells from one row a person, arrays of shape ``(n,)``; empty ones are left out."""
    keep = (untreated | treated) & (end > start)
    columns = {n: np.broadcast_to(np.asarray(v), start.shape)[keep] for n, v in facts.items()}
    return Spells(
        np.flatnonzero(keep), start[keep], end[keep], untreated[keep], treated[keep], columns
    )


def join_spells(parts: Sequence[Spells]) -> Spells:
    """All spells of ``parts``, in their order; all must have the same facts."""
    return Spells(
        np.concatenate([p.person for p in parts]),
        np.concatenate([p.start for p in parts]),
        np.concatenate([p.end for p in parts]),
        np.concatenate([p.untreated for p in parts]),
        np.concatenate([p.treated for p in parts]),
        {name: np.concatenate([p.facts[name] for p in parts]) for name in parts[0].facts},
    )
