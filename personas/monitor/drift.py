"""Measure drift between two sketches: features, answers and portraits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from personas.errors import DataError
from personas.features.base import Feature
from personas.model.answers import STATUSES
from personas.model.bands import feature_name
from personas.model.base import PersonaModel
from personas.model.sketch import CONFIDENCE_STEPS, Sketch
from personas.monitor.advice import advise
from personas.monitor.base import DriftReport, DriftRow, DriftRules, PersonaDrift, Reference, Shift
from personas.monitor.cells import Pair, common_cells, level_names, shown_share
from personas.monitor.portrait import PortraitDistance, band_of, compare_portraits
from personas.monitor.shift import compare_counts
from personas.schema import Text

_NOT_SO = Text("其他", "others")
_ANSWER_LABELS = {
    "persona_share": Text("人群占比", "persona shares"),
    "confidence": Text("置信度", "confidence"),
    "low_confidence": Text("低置信用户占比", "share of uncertain users"),
    "out_of_distribution": Text("分布外用户占比", "share of users like nobody of the training"),
}
_N_DRIVERS = 3


def measure_drift(
    model: PersonaModel,
    current: Sketch,
    reference: Reference,
    *,
    model_version: str,
    rules: DriftRules | None = None,
    notes: Sequence[Text] = (),
) -> DriftReport:
    """Compare today's users with those of a reference.

    Parameters
    ----------
    model : PersonaModel
        Model that is watched; must have a sketch.
    current : Sketch
        Of today's users, in the bins of the model's sketch.
    reference : Reference
        Whom to compare with. Answers and portraits of another model are another model's, so these are
        compared with the users of the training then.
    model_version : str
        Of ``model``.
    rules : DriftRules, optional
        How much is how bad.
    notes : sequence of Text
        What the report should say besides.

    Returns
    -------
    DriftReport

    Raises
    ------
    DataError
        If the model has no sketch, or one of the sketches no user.

    Notes
    -----
    The false alarm rate is divided by the number of comparisons (Bonferroni), which holds for features that
    depend on each other. A feature that only one side knows, or counted in other bins, is not compared; a
    note says so.
    """
    rules = rules or DriftRules()
    if model.sketch is None:
        raise DataError("The model has no sketch of its training users; expected one. Train it again.")
    if not (current.n_users and reference.sketch.n_users):
        raise DataError(
            f"There are {reference.sketch.n_users} users in the reference and {current.n_users} today; expected "
            "some of both. Check the source tables."
        )
    own = reference.sketch if reference.model_version == model_version else model.sketch
    pairs, left_out = _pairs(model, reference.sketch, current)
    n_tests = len(pairs) + len(_ANSWER_LABELS) + len(model.personas)
    compare = _Comparison(rules.false_alarm / n_tests, rules.tolerated_psi)
    read = set(model.scorecard.features)
    rows = [compare.row(f.name, feature_name(f), pair, is_scored=f.name in read) for f, pair in pairs]
    answers = tuple(_answer_rows(model, own, current, compare))
    personas = tuple(_persona_rows(model, own, current, compare.false_alarm))
    ordered = tuple(sorted(rows, key=_urgency))
    return DriftReport(
        model_version=model_version,
        as_of=current.as_of,
        n_users=current.n_users,
        reference=reference.kind,
        reference_as_of=reference.sketch.as_of,
        reference_n_users=reference.sketch.n_users,
        rows=ordered,
        answers=answers,
        personas=personas,
        advice=advise(ordered, answers, personas, rules),
        rules=rules,
        notes=(*notes, *_notes(left_out, is_own=own is reference.sketch)),
    )


class _Comparison:
    """One comparison after another, each at its part of the false alarm rate."""

    def __init__(self, false_alarm: float, tolerated_psi: float) -> None:
        self.false_alarm = false_alarm
        self.tolerated_psi = tolerated_psi

    def row(
        self, name: str, label: Text, pair: Pair, *, is_scored: bool, cell: int | None = None
    ) -> DriftRow:
        """Compare one pair; ``cell`` is the one to tell of, by default that which moved most."""
        shift = (
            compare_counts(
                pair.before, pair.now, false_alarm=self.false_alarm, tolerated_psi=self.tolerated_psi
            )
            if pair.is_comparable
            else Shift(0.0, 0.0, 0.0, 0.0)
        )
        place = pair.moved_most if cell is None else cell
        before, now = int(pair.before.sum()), int(pair.now.sum())
        return DriftRow(
            name=name,
            label=label,
            is_scored=is_scored,
            shift=shift,
            cell=pair.cells[place],
            share_before=shown_share(int(pair.before[place]), before),
            share_now=shown_share(int(pair.now[place]), now),
            missing_before=shown_share(pair.n_missing[0], before),
            missing_now=shown_share(pair.n_missing[1], now),
        )


def _pairs(
    model: PersonaModel, before: Sketch, now: Sketch
) -> tuple[list[tuple[Feature, Pair]], list[Feature]]:
    """Return the features that can be compared, and those that can't."""
    assert model.sketch is not None
    pairs, left_out, named = [], [], level_names(model)
    for feature in model.feature_set:
        then, today = before.feature(feature.name), now.feature(feature.name)
        names = named.get(feature.name)
        cells = None if then is None or today is None else common_cells(feature, then, today, names)
        if cells is None:
            left_out.append(feature)
        else:
            pairs.append((feature, cells))
    return pairs, left_out


def _answer_rows(model: PersonaModel, before: Sketch, now: Sketch, compare: _Comparison) -> list[DriftRow]:
    names = [Text(f"{p.persona_id} {p.name.zh}", f"{p.persona_id} {p.name.en}") for p in model.personas]
    steps = [_step_name(k) for k in range(CONFIDENCE_STEPS)]
    pairs: dict[str, tuple[Pair, int | None]] = {
        "persona_share": (Pair.of(before.by_persona, now.by_persona, names), None),
        "confidence": (Pair.of(before.by_confidence, now.by_confidence, steps), None),
    }
    for status in STATUSES[1:]:
        k = STATUSES.index(status)
        then, today = [
            [sketch.by_status[k], sum(sketch.by_status) - sketch.by_status[k]] for sketch in (before, now)
        ]
        pairs[status] = (Pair.of(then, today, [_ANSWER_LABELS[status], _NOT_SO]), 0)
    return [
        compare.row(name, _ANSWER_LABELS[name], pair, is_scored=True, cell=cell)
        for name, (pair, cell) in pairs.items()
    ]


def _persona_rows(model: PersonaModel, before: Sketch, now: Sketch, false_alarm: float) -> list[PersonaDrift]:
    told = []
    for feature in model.feature_set.described:
        then, today = before.feature(feature.name), now.feature(feature.name)
        if then and today and then.bins == today.bins and then.portraits and today.portraits:
            told.append((feature, then.portraits, today.portraits))
    rows = []
    for k, persona in enumerate(model.personas):
        found = compare_portraits(
            [np.array(then[k]) for _, then, _ in told],
            [np.array(today[k]) for _, _, today in told],
            false_alarm=false_alarm,
        )
        rows.append(
            PersonaDrift(
                persona_id=persona.persona_id,
                name=persona.name,
                share_before=before.by_persona[k] / before.n_users,
                share_now=now.by_persona[k] / now.n_users,
                distance=found.distance if found else None,
                limit=found.limit if found else 0.0,
                band=band_of(found.distance) if found else None,
                drivers=_drivers(found, [feature for feature, _, _ in told]),
            )
        )
    return rows


def _drivers(found: PortraitDistance | None, features: Sequence[Feature]) -> tuple[Text, ...]:
    if found is None or found.distance <= found.limit:
        return ()
    order = np.argsort(-np.nan_to_num(np.array(found.parts)), kind="stable")[:_N_DRIVERS]
    return tuple(feature_name(features[int(i)]) for i in order if found.parts[int(i)] > 0)


def _urgency(row: DriftRow) -> tuple[bool, float, str]:
    return (not row.shift.is_drift, -row.shift.psi / max(row.shift.limit, 1e-12), row.name)


def _step_name(k: int) -> Text:
    low, high = k / CONFIDENCE_STEPS, (k + 1) / CONFIDENCE_STEPS
    return Text(f"{low:.1f}–{high:.1f}", f"{low:.1f}–{high:.1f}")


def _notes(left_out: Sequence[Feature], *, is_own: bool) -> list[Text]:
    notes = []
    if not is_own:
        notes.append(
            Text(
                "参照由另一个模型打分，因此人群占比、置信度和画像与本模型训练时的用户比较",
                "the reference was scored by another model, so shares, confidence and portraits are compared with "
                "the users that this model was trained on",
            )
        )
    if left_out:
        zh = "、".join(feature_name(f).zh for f in left_out)
        en = ", ".join(feature_name(f).en for f in left_out)
        notes.append(
            Text(
                f"未比较（参照或当前没有，或分箱不同）：{zh}",
                f"not compared, since one side lacks them or counted them in other bins: {en}",
            )
        )
    return notes
