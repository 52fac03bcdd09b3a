"""Gate: whether a model may take the champion's place, check by check, each with its reason."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from pydantic import TypeAdapter, ValidationError

from personas.errors import DataError
from personas.model.base import PersonaModel
from personas.model.distill import SMALLEST_FIDELITY
from personas.model.migration import SMALL_CELL
from personas.schema import Text
from personas.selection.jaccard import PATTERN_JACCARD
from personas.selection.quality import Measure
from personas.selection.verdict import has_structure

FORMAT = 1
"""Version of the layout of the stored report."""


@dataclass(frozen=True, slots=True)
class GateRules:
    """What a model must reach. Every number is an own choice, but for the one that is cited.

    Parameters
    ----------
    max_skill_loss : float, 0 to 1
        Reach and taste may each be this part below the champion's; beyond it only within their interval.
    min_stability : float, 0 to 1
        Least mean Jaccard of the personas in refits, weighed by their users. Below .6 a cluster should not be
        trusted (manual of R's ``fpc::clusterboot``).
    max_stability_loss : float, 0 to 1
        How far it may be below the champion's.
    min_coverage, max_coverage_loss : float, 0 to 1
        Least share of users who get a confident answer, and how far it may be below the champion's.
    min_share : float, 0 to 1
        Least share of the smallest persona.
    min_users : int, >= 1
        Least number of users of the smallest persona.
    min_kept_users, min_kept_value : float, 0 to 1
        Least share of users, and of spend, that keep their persona id.
    max_fairness_rise : float, 0 to 1
        How far the largest gap between a persona's share of a protected level and that of all users may be above
        the champion's.
    min_fidelity : float, 0 to 1
        Least held-out agreement of a distilled scorecard with its clusterer.
    """

    max_skill_loss: float = 0.10
    min_stability: float = PATTERN_JACCARD
    max_stability_loss: float = 0.10
    min_coverage: float = 0.50
    max_coverage_loss: float = 0.10
    min_share: float = 0.01
    min_users: int = SMALL_CELL
    min_kept_users: float = 0.80
    min_kept_value: float = 0.80
    max_fairness_rise: float = 0.05
    min_fidelity: float = SMALLEST_FIDELITY


@dataclass(frozen=True, slots=True)
class GateCheck:
    """One row of the report.

    Parameters
    ----------
    name : str
        A key of :data:`CHECKS`.
    value, champion : float or None
        Of the model and of the champion; None = not measured, or there is no champion.
    threshold : float or None
        What the value is held against; None = against nothing.
    passed : bool
        Whether it may pass; what can't be measured passes and says so.
    reason : Text
        Why.
    """

    name: str
    value: float | None
    champion: float | None
    threshold: float | None
    passed: bool
    reason: Text


@dataclass(frozen=True, slots=True)
class GateReport:
    """The verdict on a model.

    Parameters
    ----------
    checks : tuple of GateCheck
        Every check, passed or not.
    champion_as_of : date or None
        Day of the champion that it was held against; None = there was none.
    """

    checks: tuple[GateCheck, ...]
    champion_as_of: date | None = None

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return not self.failed

    @property
    def failed(self) -> tuple[GateCheck, ...]:
        """The checks that did not pass."""
        return tuple(check for check in self.checks if not check.passed)


CHECKS: dict[str, Text] = {
    "structure": Text("人群结构", "structure"),
    "reach": Text("触达预测力", "reach"),
    "taste": Text("品类预测力", "taste"),
    "stability": Text("稳定性（平均 Jaccard）", "stability (mean Jaccard)"),
    "coverage": Text("高置信覆盖率", "coverage"),
    "smallest_share": Text("最小人群占比", "share of the smallest persona"),
    "smallest_users": Text("最小人群人数", "users of the smallest persona"),
    "kept_users": Text("保持人群编号的用户占比", "users who keep their persona id"),
    "kept_value": Text("保持人群编号的消费额占比", "spend that keeps its persona id"),
    "fairness": Text("受保护属性最大偏差", "largest gap of a protected attribute"),
    "fidelity": Text("评分卡还原度", "fidelity of the scorecard"),
}
"""Name of each check -> what it is called, in the order of the report."""


def judge_challenger(
    challenger: PersonaModel, champion: PersonaModel | None = None, rules: GateRules | None = None
) -> GateReport:
    """Judge a model by itself, and against the champion where there is one.

    Parameters
    ----------
    challenger : PersonaModel
        The model that was trained; its ``continuity`` says what it makes of the champion's personas.
    champion : PersonaModel or None
        Model in use; without one only the model's own figures are judged.
    rules : GateRules, optional
        What it must reach.

    Returns
    -------
    GateReport

    Notes
    -----
    Reach and taste of both are measured on the same users and their same next window, where the champion can label
    them. They fail only if even the upper end of the interval is too low: chance is no reason to say no. Stability,
    coverage and fairness of the champion are those of its own training.
    """
    rules = rules or GateRules()
    checks = [
        _structure(challenger),
        *_skill(challenger, champion, rules),
        _stability(challenger, champion, rules),
        _coverage(challenger, champion, rules),
        *_sizes(challenger, champion, rules),
        *(_kept(challenger, rules) if champion is not None else ()),
        _fairness(challenger, champion, rules),
    ]
    if "fidelity" in challenger.metrics:
        theirs = None if champion is None else champion.metrics.get("fidelity")
        checks.append(_at_least("fidelity", challenger.metrics["fidelity"], theirs, rules.min_fidelity))
    return GateReport(tuple(checks), None if champion is None else champion.as_of)


def gate_to_bytes(report: GateReport) -> bytes:
    """Return the report as JSON; the same report gives the same bytes.

    Parameters
    ----------
    report : GateReport
        The verdict.
    """
    content = {"format": FORMAT, "passed": report.passed, **asdict(report)}
    text = json.dumps(
        content, ensure_ascii=False, sort_keys=True, indent=1, default=date.isoformat, allow_nan=False
    )
    return (text + "\n").encode()


def gate_from_bytes(raw: bytes) -> GateReport:
    """Read a report that :func:`gate_to_bytes` wrote.

    Raises
    ------
    DataError
        If it is damaged, or of a later format.
    """
    try:
        content: Mapping[str, Any] = json.loads(raw)
        if content["format"] != FORMAT:
            raise DataError(
                f"The gate report has format {content['format']}; this version of personas reads format {FORMAT}. "
                "Install the version that wrote it, or train again."
            )
        return _READER.validate_python({key: content[key] for key in ("checks", "champion_as_of")})
    except (ValidationError, KeyError, TypeError, json.JSONDecodeError, UnicodeDecodeError):
        raise DataError(
            "The gate report is damaged; expected JSON as it was stored with the model. Restore it, or train again."
        ) from None


_NOTHING_YET = Text("暂无可比的冠军模型", "nothing to compare with yet")

_READER: TypeAdapter[GateReport] = TypeAdapter(GateReport)


def _structure(model: PersonaModel) -> GateCheck:
    if not model.verdicts:
        reason = Text("未与无结构数据比较", "not held against tables without structure")
        return GateCheck("structure", None, None, None, passed=True, reason=reason)
    found = has_structure(model.verdicts)
    reason = (
        Text("优于无结构数据", "better than tables without structure")
        if found
        else Text("不优于无结构数据", "no better than tables without structure")
    )
    return GateCheck("structure", float(found), None, 1.0, passed=found, reason=reason)


def _skill(model: PersonaModel, champion: PersonaModel | None, rules: GateRules) -> list[GateCheck]:
    chosen = next((c for c in model.selection if c.chosen), None)
    mine = {"reach": chosen.reach if chosen else None, "taste": chosen.taste if chosen else None}
    continuity = model.continuity
    theirs: dict[str, Measure | None] = {
        "reach": continuity.reach if continuity else None,
        "taste": continuity.taste if continuity else None,
    }
    checks = []
    for name, measure in mine.items():
        value, other = (None if m is None else m.value for m in (measure, theirs[name]))
        if value is None or measure is None:
            checks.append(
                _untold(
                    name, Text("没有可比的后续行为", "there is no later behaviour to measure it by"), other
                )
            )
        elif other is None:
            why = _NOTHING_YET
            if champion is not None:
                why = Text(
                    "冠军模型无法在同一批用户上评估", "the champion can't be measured on the same users"
                )
            checks.append(_untold(name, why, value=value))
        else:
            threshold = other - rules.max_skill_loss * abs(other)
            passed = measure.high >= threshold
            by_chance = passed and value < threshold
            checks.append(_compared(name, value, other, threshold, passed=passed, by_chance=by_chance))
    return checks


def _stability(model: PersonaModel, champion: PersonaModel | None, rules: GateRules) -> GateCheck:
    value, theirs = _mean_jaccard(model), None if champion is None else _mean_jaccard(champion)
    if value is None:
        return _untold("stability", Text("未测量", "not measured"), theirs)
    threshold = rules.min_stability
    if theirs is not None:
        threshold = max(threshold, theirs - rules.max_stability_loss)
    return _at_least("stability", value, theirs, threshold)


def _coverage(model: PersonaModel, champion: PersonaModel | None, rules: GateRules) -> GateCheck:
    value = model.metrics.get("assigned_share")
    theirs = None if champion is None else champion.metrics.get("assigned_share")
    if value is None:
        return _untold("coverage", Text("未测量", "not measured"), theirs)
    threshold = rules.min_coverage
    if theirs is not None:
        threshold = max(threshold, theirs - rules.max_coverage_loss)
    return _at_least("coverage", value, theirs, threshold)


def _sizes(model: PersonaModel, champion: PersonaModel | None, rules: GateRules) -> list[GateCheck]:
    small = min(model.personas, key=lambda p: p.n_users)
    theirs = None if champion is None else min(champion.personas, key=lambda p: p.n_users)
    share, n_users = (None, None) if theirs is None else (theirs.share, float(theirs.n_users))
    return [
        _at_least("smallest_share", small.share, share, rules.min_share),
        _at_least("smallest_users", float(small.n_users), n_users, float(rules.min_users), digits=0),
    ]


def _kept(model: PersonaModel, rules: GateRules) -> list[GateCheck]:
    continuity = model.continuity
    migration = None if continuity is None else continuity.migration
    wanted = {"kept_users": rules.min_kept_users, "kept_value": rules.min_kept_value}
    if migration is not None:
        checks = []
        for name, threshold in wanted.items():
            value: float | None = getattr(migration, name)
            if value is None:
                checks.append(_untold(name, Text("没有消费额", "no spend is known")))
            else:
                checks.append(_at_least(name, value, None, threshold))
        return checks
    why = Text(
        "冠军模型无法给这些用户打标，只能按画像匹配",
        "the champion can't label these users, so personas were matched by their profiles",
    )
    if continuity is None:
        untold = Text("该模型没有与冠军模型对照", "the model was not held against the champion")
        return [GateCheck(name, None, None, t, passed=False, reason=untold) for name, t in wanted.items()]
    kept = {event.persona_id for event in continuity.events if event.kind == "kept"}
    share = sum(p.share for p in model.personas if p.persona_id in kept)
    users = _at_least("kept_users", share, None, rules.min_kept_users)
    reason = Text(f"{users.reason.zh}；{why.zh}", f"{users.reason.en}; {why.en}")
    return [
        GateCheck("kept_users", share, None, rules.min_kept_users, passed=users.passed, reason=reason),
        _untold("kept_value", why),
    ]


def _fairness(model: PersonaModel, champion: PersonaModel | None, rules: GateRules) -> GateCheck:
    value, theirs = largest_gap(model), None if champion is None else largest_gap(champion)
    if value is None:
        return _untold("fairness", Text("没有受保护属性", "no protected attribute is described"), theirs)
    if theirs is None:
        return _untold("fairness", _NOTHING_YET, value=value)
    threshold = theirs + rules.max_fairness_rise
    return _compared("fairness", value, theirs, threshold, passed=value <= threshold, at_most=True)


def largest_gap(model: PersonaModel) -> float | None:
    """Return how far a persona's share of a protected level is from that of all users, at most.

    Parameters
    ----------
    model : PersonaModel
        With traits.

    Returns
    -------
    float or None, 0 to 1
        The largest ``|share - base share|`` over personas and levels of protected attributes, suppressed cells left
        out; None without any. A plain definition of our own: personas are not clustered on protected attributes, so
        a gap comes from what goes with them.
    """
    gaps = [
        abs(t.share - t.base_share)
        for persona in model.personas
        for t in persona.traits
        if t.protected and t.share is not None and t.base_share is not None
    ]
    return max(gaps) if gaps else None


def _mean_jaccard(model: PersonaModel) -> float | None:
    known = [(p.stability, p.share) for p in model.personas if p.stability is not None]
    total = sum(share for _, share in known)
    return sum(stability * share for stability, share in known) / total if total > 0 else None


def _untold(name: str, why: Text, champion: float | None = None, *, value: float | None = None) -> GateCheck:
    return GateCheck(name, value, champion, None, passed=True, reason=why)


def _at_least(
    name: str, value: float, champion: float | None, threshold: float, *, digits: int = 3
) -> GateCheck:
    return _compared(name, value, champion, threshold, passed=value >= threshold, digits=digits)


def _compared(
    name: str,
    value: float,
    champion: float | None,
    threshold: float,
    *,
    passed: bool,
    at_most: bool = False,
    by_chance: bool = False,
    digits: int = 3,
) -> GateCheck:
    shown, limit = f"{value:.{digits}f}", f"{threshold:.{digits}f}"
    zh = f"{shown}，要求{'不高于' if at_most else '不低于'} {limit}"
    en = f"{shown}, asked for {'at most' if at_most else 'at least'} {limit}"
    if champion is not None:
        zh, en = f"{zh}（冠军模型 {champion:.{digits}f}）", f"{en} (champion {champion:.{digits}f})"
    if by_chance:
        zh, en = f"{zh}；差距在误差范围内", f"{en}; the difference is within the interval"
    return GateCheck(name, value, champion, threshold, passed=passed, reason=Text(zh, en))
