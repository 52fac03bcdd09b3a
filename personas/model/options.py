"""What a fit can be told, each with a sensible default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from personas.model.guide import ArchetypeUse
from personas.model.label import Archetype
from personas.schema import Block, Text


@dataclass(frozen=True)
class FitOptions:
    """Everything about a fit that has a sensible default.

    Parameters
    ----------
    name : str
        Name of the use case.
    min_personas, max_personas : int
        Range that ``"auto"`` looks at.
    min_share : float, 0 to 1
        ``"auto"`` takes no solution with a smaller persona.
    block_weights : mapping of block to float, or None
        Weight of who, worth and what against each other; None = chosen by what personas foretell.
    n_resamples : int, >= 2
        Refits on other samples that stability is measured by.
    force : bool
        Return personas even if tables without structure give as good ones, or a required archetype or a
        persona that must be kept is not among them.
    checkpoint : Path or None
        Folder that keeps what was measured, so that an interrupted fit goes on where it stopped.
    max_training_users : int
        A larger frame is sampled by the MD5 of ``user_id``.
    holdout_share : float, 0 to 1
        Share of the sampled users, by the MD5 of ``user_id``, that no candidate is fitted on: refits label them, and rules
        are judged on them. The chosen solution is then fitted on everybody.
    low_confidence : float, 0 to 1
        Below it an answer is ``low_confidence``.
    out_of_distribution_share : float, 0 to 1
        Share of the users of the fit that the out-of-distribution limit would flag.
    archetypes : tuple of Archetype
        Personas are named after them where they match.
    archetype_use : {"find", "seed", "require"}
        What else archetypes are for: nothing; the search begins at them, too; and each must be found.
    must_keep : tuple of str
        Ids of the champion's personas that must be found again.
    warm_start : bool
        Whether the champion's personas are one more start of the final fit.
    macro_personas : int or None, >= 1
        Number of macro personas to group the personas into; None = no groups.
    name_overrides : mapping of str to Text
        Persona id -> name given by the user.
    used_ids : tuple of str
        Persona ids of all earlier models; none of them is given to another persona.
    level_labels : mapping of str to mapping of str to Text
        Feature -> level -> name for people, where the canonical vocabulary has none.
    config : dict
        The resolved config, stored with the model.
    """

    name: str = "personas"
    min_personas: int = 2
    max_personas: int = 8
    min_share: float = 0.03
    block_weights: Mapping[Block, float] | None = None
    n_resamples: int = 10
    force: bool = False
    checkpoint: Path | None = None
    max_training_users: int = 100_000
    holdout_share: float = 0.2
    low_confidence: float = 0.6
    out_of_distribution_share: float = 0.005
    archetypes: tuple[Archetype, ...] = ()
    archetype_use: ArchetypeUse = "find"
    must_keep: tuple[str, ...] = ()
    warm_start: bool = True
    macro_personas: int | None = None
    name_overrides: Mapping[str, Text] = field(default_factory=dict)
    used_ids: tuple[str, ...] = ()
    level_labels: Mapping[str, Mapping[str, Text]] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
