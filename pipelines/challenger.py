"""Whether the model that a run trained takes the champion's place, and why."""

from __future__ import annotations

from dataclasses import dataclass

from personas.store import ArtifactStore
from pipelines.champion import objection
from pipelines.console import command, store_option
from pipelines.models import MODELS, StoredModel


@dataclass(frozen=True)
class Decision:
    """What becomes of a challenger.

    Parameters
    ----------
    takes_over : bool
        Whether it becomes the champion.
    reason : str
        Why, or why not.
    is_refusal : bool
        Whether the gate said no, which ends the run with exit code 1.
    is_forced : bool
        Whether the gate is overruled.
    """

    takes_over: bool
    reason: str
    is_refusal: bool = False
    is_forced: bool = False


def decide(store: ArtifactStore, challenger: StoredModel, *, force: bool) -> Decision:
    """Say what becomes of a challenger that is not the champion.

    Parameters
    ----------
    store : ArtifactStore
        Where models are kept.
    challenger : StoredModel
        What a run trained, or trained before.
    force : bool
        Let it take over even if the gate says no.

    Returns
    -------
    Decision
        A model that was champion before does not come back by itself: somebody has chosen another one since.
    """
    name, version = challenger.model.name, challenger.record.version
    if version in store.champions(MODELS, name):
        return Decision(
            takes_over=False, reason="it was the champion before, and another one was chosen since"
        )
    why_not = objection(store, challenger)
    if why_not is None:
        return Decision(takes_over=True, reason="its gate passed")
    if force:
        return Decision(takes_over=True, reason="personas run --force", is_forced=True)
    overrule = command(
        "models", "promote", f"{name}/{version}", "--force", "--reason", "WHY", *store_option(store.root)
    )
    return Decision(takes_over=False, reason=f"{why_not}, or overrule it: {overrule}", is_refusal=True)
