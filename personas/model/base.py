"""Nouns of the model room: traits, cards, personas and the frozen model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

from personas.errors import ConfigError, NotFoundError
from personas.features.base import FeatureSet
from personas.model.identity import Continuity
from personas.model.rule_base import RuleSet
from personas.model.sketch import Sketch
from personas.schema import Block, ObservationWindow, Text
from personas.scorecard import Scorecard
from personas.selection.base import Candidate, Verdict

NameSource = Literal["archetype", "traits", "override"]


@dataclass(frozen=True, slots=True)
class Trait:
    """One level of one feature, compared between a persona and the base (all users).

    Parameters
    ----------
    feature : str
        Feature name.
    level : str
        Level or band, for example ``"married"`` or ``"26-35"``; for a category count, ``"bought"``.
    label : Text
        Feature and level for people, for example ``Text("婚姻状况：已婚", "Marital status: married")``.
    short : Text
        The shortest words that still make sense alone, used in names: ``Text("已婚", "married")``.
    block : Block
        Who, worth or what.
    protected : bool
        Whether the feature is a protected attribute.
    n_users : int or None
        Users of the persona with this level; None = suppressed (small cell).
    share, base_share : float or None, 0 to 1
        Share among the persona's (all) users whose value is known; None = suppressed.
    tgi, tgi_lower, tgi_upper : float or None
        Target group index, 100 = average, with its 95 % interval; None = suppressed or undefined.
    q_value : float or None, 0 to 1
        Benjamini-Hochberg adjusted p value over all traits of all personas.
    """

    feature: str
    level: str
    label: Text
    short: Text
    block: Block
    protected: bool
    n_users: int | None
    share: float | None
    base_share: float | None
    tgi: float | None
    tgi_lower: float | None
    tgi_upper: float | None
    q_value: float | None


@dataclass(frozen=True, slots=True)
class Card:
    """What a marketer reads: a sentence per question, what to offer, and with which message.

    Parameters
    ----------
    who, worth, what : Text
        One sentence each.
    offers : tuple of Text
        Categories to offer, best first.
    message : Text
        Line to start a message from; never built on a protected attribute.
    """

    who: Text
    worth: Text
    what: Text
    offers: tuple[Text, ...]
    message: Text


@dataclass(frozen=True, slots=True)
class Persona:
    """One persona.

    Parameters
    ----------
    persona_id : str
        Stable id: ``"P01"``, ``"P02"``, ...
    name : Text
        Name for people, unique within the model in both languages.
    name_source : {"archetype", "traits", "override"}
        Where the name comes from.
    archetype : str or None
        Key of the matched archetype.
    share : float, 0 to 1
        Share of all profiled users.
    n_users : int
        Profiled users.
    traits : tuple of Trait
        Every trait, in feature order.
    card : Card
        What a marketer reads.
    map_x, map_y : float
        Position on the persona map.
    stability : float or None, 0 to 1
        Mean Jaccard overlap with the persona found again in bootstrap refits; None = not measured.
    rules : RuleSet or None
        Short rules that pick the persona out; None in models that were trained before there were any.
    macro : str or None
        Id of its macro persona, see :func:`personas.model.macro.macros_of`; None = none were asked for.
    """

    persona_id: str
    name: Text
    name_source: NameSource
    archetype: str | None
    share: float
    n_users: int
    traits: tuple[Trait, ...]
    card: Card
    map_x: float = 0.0
    map_y: float = 0.0
    stability: float | None = None
    rules: RuleSet | None = None
    macro: str | None = None


@dataclass(frozen=True, slots=True)
class Calibration:
    """Monotone map from the softmax share of the best persona to the confidence that is reported.

    Parameters
    ----------
    probability : tuple of float, increasing
        Knots.
    confidence : tuple of float, non-decreasing, 0 to 1
        Share of users at that probability who get the same persona from a matched refit on another
        sample (latent class, k-means) or from the clusterer itself (distilled models).
    """

    probability: tuple[float, ...] = (0.0, 1.0)
    confidence: tuple[float, ...] = (0.0, 1.0)


@dataclass(frozen=True, slots=True)
class PersonaModel:
    """A frozen model: configuration plus everything learned; holds no user rows.

    Parameters
    ----------
    name : str
        Name of the use case.
    window : ObservationWindow
        What the features saw.
    feature_set : FeatureSet
        Every feature, inputs and profiled ones.
    scorecard : Scorecard
        Row ``k`` belongs to ``personas[k]``.
    personas : tuple of Persona
        In the order of the scorecard's rows.
    calibration : Calibration
        Of the confidence.
    low_confidence : float, 0 to 1
        Below it an answer is ``low_confidence``.
    surprise_limit : float
        Above it a user is ``out_of_distribution``.
    clusterer : str
        Registered name of the clusterer that found the personas.
    clusterer_params : dict
        Its parameters.
    selection : tuple of Candidate
        The table behind the number of personas.
    metrics : dict of str to float
        Quality figures; the report explains each: ``n_training_users``, ``n_holdout_users``,
        ``log_likelihood``, ``bic``, ``stability``, ``mean_confidence``, ``assigned_share``,
        ``noise_share``, ``fidelity``, ``smallest_recall`` (where they exist).
    events : tuple of Text
        What changed against the champion, in words.
    verdicts : tuple of Verdict
        The solution against tables without structure.
    config : dict
        The resolved config of the run.
    sketch : Sketch or None
        How the training users spread, to measure drift from; None in models that were trained before there
        were any.
    continuity : Continuity or None
        What became of the champion's personas, on what evidence; None for a first model, and in models that were
        trained before it was kept.
    """

    name: str
    window: ObservationWindow
    feature_set: FeatureSet
    scorecard: Scorecard
    personas: tuple[Persona, ...]
    calibration: Calibration
    low_confidence: float
    surprise_limit: float
    clusterer: str
    clusterer_params: dict[str, Any]
    selection: tuple[Candidate, ...] = ()
    metrics: dict[str, float] = field(default_factory=dict)
    events: tuple[Text, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    config: dict[str, Any] = field(default_factory=dict)
    sketch: Sketch | None = None
    continuity: Continuity | None = None

    @property
    def scored_features(self) -> FeatureSet:
        """The features that the scorecard reads: all that scoring needs."""
        return self.feature_set.only(self.scorecard.features)

    @property
    def as_of(self) -> date:
        """First day that the training features did not see."""
        return self.window.as_of

    def renamed(self, names: Mapping[str, Text]) -> PersonaModel:
        """Return the model with names given by the user.

        Parameters
        ----------
        names : mapping of str to Text
            Persona id -> name; ids that the model does not have are passed over. See :func:`usable_names`.

        Raises
        ------
        ConfigError
            If another persona has a given name or id.
        """
        known = {p.persona_id: p.name for p in self.personas}
        given = {persona_id: name for persona_id, name in names.items() if persona_id in known}
        refused = sorted(given.keys() - usable_names(known, given).keys())
        if refused:
            name = given[refused[0]]
            owner = _owner(refused[0], known | given)
            raise ConfigError(
                f"{refused[0]} can't be called {name.zh!r} / {name.en!r}, since {owner} has that name or id; "
                "choose a name of its own in both languages."
            )
        personas = tuple(
            replace(p, name=given[p.persona_id], name_source="override") if p.persona_id in given else p
            for p in self.personas
        )
        return replace(self, personas=personas)

    def persona(self, key: str) -> Persona:
        """Return the persona with this id or (Chinese or English) name."""
        for persona in self.personas:
            if key in (persona.persona_id, persona.name.zh, persona.name.en):
                return persona
        known = ", ".join(f"{p.persona_id} {p.name.en}" for p in self.personas)
        raise NotFoundError(f"No persona is called {key!r}; this model has {known}.")


def usable_names(known: Mapping[str, Text | None], given: Mapping[str, Text]) -> dict[str, Text]:
    """Return the given names that can be used together: a persona is found by id or by either name.

    A name is left out when another persona has it, in either language, or is identified by it; of two equal
    given names the one of the lower id stays.

    Parameters
    ----------
    known : mapping of str to Text or None
        Persona id -> name without the given ones; None = it has none yet.
    given : mapping of str to Text
        Persona id -> name given by the user; ids that are not known are left out.

    Returns
    -------
    dict of str to Text
        By persona id.

    Examples
    --------
    >>> usable_names({"P01": None, "P02": Text("大众", "Mainstream")}, {"P01": Text("我的", "Mainstream")})
    {}
    """
    usable = {persona_id: given[persona_id] for persona_id in sorted(given.keys() & known.keys())}
    while refused := [i for i in usable if _owner(i, {**known, **usable}) is not None]:
        del usable[refused[-1]]
    return usable


def _owner(persona_id: str, names: Mapping[str, Text | None]) -> str | None:
    """Return another persona that goes by the name of this one."""
    mine = set(names[persona_id] or ())
    return next(
        (other for other, name in names.items() if other != persona_id and mine & {other, *(name or ())}),
        None,
    )
