"""The plan carried out: a trial and a look in, an ``Evaluation`` out."""

from jobeval.evaluation.result import Evaluation

__all__ = ["Evaluation"]
