"""Choose: how many personas there are, and how much each block of features may say."""

from personas.selection.base import Candidate

__all__ = ["Candidate"]
