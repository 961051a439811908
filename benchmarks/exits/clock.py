"""CPU seconds of one task by several hands, and their ratios."""

import importlib.util
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .peers import InR

Task = Callable[[], object]
ROUNDS, SOME, ENOUGH = 5, 1.0, 10.0
"""At least so many rounds of each task, and for ``SOME`` seconds; none after ``ENOUGH``."""


@dataclass(frozen=True)
class Part:
    """A task that is too dear: a part of it is timed, and multiplied."""

    task: Task | InR
    times: float
    why: str


@dataclass(frozen=True)
class Needs:
    """A task that can be run only where a package is."""

    package: str
    task: Task | Part


Peer = Task | Part | Needs | InR


def cpu_seconds(task: Task) -> float:
    """The best of some rounds: other work on the machine only ever adds."""
    seconds: list[float] = []
    while (len(seconds) < ROUNDS or sum(seconds) < SOME) and sum(seconds) < ENOUGH:
        start = time.process_time()
        task()
        seconds.append(time.process_time() - start)
    return min(seconds)


def peer_seconds(peer: Peer) -> tuple[float | None, str]:
    """Seconds and what is to be said of them; ``None`` where the peer is not installed."""
    if isinstance(peer, Needs):
        if importlib.util.find_spec(peer.package) is None:
            return None, f"{peer.package} is not installed"
        return peer_seconds(peer.task)
    if isinstance(peer, Part):
        seconds, why = peer_seconds(peer.task)
        return (None, why) if seconds is None else (seconds * peer.times, peer.why)
    if isinstance(peer, InR):
        return peer.seconds()
    return cpu_seconds(peer), ""


def compare(title: str, ours: Mapping[str, Task], peers: Mapping[str, Peer]) -> dict[str, float]:
    """Print a row for each hand, those of peers with ratios to ours; hand out our seconds."""
    mine = {name: cpu_seconds(task) for name, task in ours.items()}
    print(f"\n{title}")
    for name, seconds in mine.items():
        print(f"  jobeval {name:18} {seconds:10.4f}", flush=True)
    for name, peer in peers.items():
        seconds, why = peer_seconds(peer)
        if seconds is None:
            print(f"  {name:26}          –  not measured: {why}", flush=True)
            continue
        ratios = "".join(f"  {_round(seconds / one):>7} × {of}" for of, one in mine.items())
        print(f"  {name:26} {seconds:10.4f}{ratios}{f'  ({why})' if why else ''}", flush=True)
    return mine


def _round(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.1f}"
