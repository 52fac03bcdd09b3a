"""Nouns of the monitor room: how far a spread has moved, and the report on all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

from pydantic import TypeAdapter

from personas.model.sketch import Sketch
from personas.schema import Text

Verdict = Literal["keep", "recalibrate", "retrain"]
Band = Literal["nearly_identical", "rather_similar", "some_difference", "clearly_different"]
ReferenceKind = Literal["training", "last_season"]


@dataclass(frozen=True, slots=True)
class DriftRules:
    """How much drift is how bad; every default is an own choice unless a source is given.

    Parameters
    ----------
    false_alarm : float, 0 to 1
        Chance that one report on an unchanged population calls anything a drift.
    tolerated_psi : float, >= 0
        Population stability index that is drift, but too little to matter. A shift of a normal feature by a
        tenth of its standard deviation gives .01, by a fifth .04.
    retrain_feature_psi : float, >= 0
        From here on a scored feature calls for a new training: above .25 the population is said to have
        changed (Siddiqi 2006, a secondary source; the number is a convention without a derivation).
    retrain_answer_psi : float, >= 0
        The same for the answers (persona shares, uncertain and strange users), which sum up all features:
        from .1 on the same convention speaks of some change.
    retrain_distance : float, 0 to 1
        The same for the portrait of a persona: the lower end of "some difference",
        see :func:`personas.monitor.portrait.band_of`.
    """

    false_alarm: float = 0.01
    tolerated_psi: float = 0.01
    retrain_feature_psi: float = 0.25
    retrain_answer_psi: float = 0.1
    retrain_distance: float = 0.3


@dataclass(frozen=True, slots=True)
class Reference:
    """A sketch to compare with.

    Parameters
    ----------
    kind : {"training", "last_season"}
        The users of the training, or those scored a year ago.
    sketch : Sketch
        Their counts.
    model_version : str
        Model whose answers are counted in it.
    """

    kind: ReferenceKind
    sketch: Sketch
    model_version: str


@dataclass(frozen=True, slots=True)
class Shift:
    """How far one spread has moved; see :func:`personas.monitor.shift.compare_counts`.

    Parameters
    ----------
    psi : float, >= 0
        Population stability index.
    js : float, 0 to 1
        Jensen-Shannon divergence in bits.
    noise : float, >= 0
        Index that samples of these sizes pass by chance alone as rarely as the rules allow.
    limit : float, >= 0
        The same when the population has moved by as much as is tolerated.
    """

    psi: float
    js: float
    noise: float
    limit: float

    @property
    def is_drift(self) -> bool:
        """Whether it surely moved by more than is tolerated."""
        return self.psi > self.limit


@dataclass(frozen=True, slots=True)
class DriftRow:
    """One line of the drift table: a feature, or something that the model answered.

    Parameters
    ----------
    name : str
        Feature, or ``persona_share``, ``confidence``, ``low_confidence``, ``out_of_distribution``.
    label : Text
        The same for people.
    is_scored : bool
        Whether the scorecard reads it; False = cards tell of it only.
    shift : Shift
        How far it moved.
    cell : Text
        The level or band that moved most.
    share_before, share_now : float or None, 0 to 1
        Its share among the users of the reference and of today; None = a small cell.
    missing_before, missing_now : float or None, 0 to 1
        Share of users without a value; None = a small cell.
    """

    name: str
    label: Text
    is_scored: bool
    shift: Shift
    cell: Text
    share_before: float | None
    share_now: float | None
    missing_before: float | None = 0.0
    missing_now: float | None = 0.0


@dataclass(frozen=True, slots=True)
class PersonaDrift:
    """How one persona has changed.

    Parameters
    ----------
    persona_id : str
        Stable id.
    name : Text
        Its name.
    share_before, share_now : float, 0 to 1
        Share of all users.
    distance : float or None, 0 to 1
        Of its portrait then and now; None = nobody to draw one of.
    limit : float
        Distance that chance alone exceeds as rarely as the rules allow.
    band : Band or None
        The distance in words.
    drivers : tuple of Text
        Features that moved most, at most three; empty while the distance is within its limit.
    """

    persona_id: str
    name: Text
    share_before: float
    share_now: float
    distance: float | None
    limit: float
    band: Band | None
    drivers: tuple[Text, ...] = ()

    @property
    def is_drift(self) -> bool:
        """Whether the portrait is surely another and no longer nearly identical."""
        return (
            self.distance is not None
            and self.distance > self.limit
            and self.band not in (None, "nearly_identical")
        )


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do, and why.

    Parameters
    ----------
    verdict : {"keep", "recalibrate", "retrain"}
        ``recalibrate``: the personas still fit, but what is said of them is out of date.
    reasons : tuple of Text
        Weightiest first; never empty.
    """

    verdict: Verdict
    reasons: tuple[Text, ...]

    @property
    def is_alarm(self) -> bool:
        """Whether somebody should act."""
        return self.verdict != "keep"


@dataclass(frozen=True, slots=True)
class DriftReport:
    """Today's users against those of a reference; holds no ids.

    Parameters
    ----------
    model_version : str
        Model that is watched.
    as_of : date
        First day that today's features did not see.
    n_users : int
        Users of today.
    reference : {"training", "last_season"}
        Whom features are compared with.
    reference_as_of : date
        Their first day that features did not see.
    reference_n_users : int
        How many they are.
    rows : tuple of DriftRow
        Features; drifted ones first, then by how far they are along their limit.
    answers : tuple of DriftRow
        Persona shares, confidence, uncertain and strange users.
    personas : tuple of PersonaDrift
        In the order of the model.
    advice : Advice
        What to do.
    rules : DriftRules
        What it was judged by.
    notes : tuple of Text
        What could not be compared, and why.
    """

    model_version: str
    as_of: date
    n_users: int
    reference: ReferenceKind
    reference_as_of: date
    reference_n_users: int
    rows: tuple[DriftRow, ...]
    answers: tuple[DriftRow, ...]
    personas: tuple[PersonaDrift, ...]
    advice: Advice
    rules: DriftRules
    notes: tuple[Text, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dict; :meth:`from_dict` is its inverse."""
        return {
            **asdict(self),
            "as_of": self.as_of.isoformat(),
            "reference_as_of": self.reference_as_of.isoformat(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> DriftReport:
        """Make a report from what :meth:`to_dict` returned."""
        return _READER.validate_python(data)


_READER: TypeAdapter[DriftReport] = TypeAdapter(DriftReport)
