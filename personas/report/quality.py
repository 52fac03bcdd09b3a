"""What the report says of a model's quality."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan
from typing import Any

from personas.model.base import PersonaModel
from personas.report.figures import Figures
from personas.report.judgement import judge_model, written_measure
from personas.report.selection_table import clusterer_name
from personas.report.words import say
from personas.scoring.base import STATUSES
from personas.selection.select import STABLE_ARI

EXCELLENT_ARI = 0.90
"""From here on two partitions agree excellently.

References
----------
Steinley, D. (2004). Properties of the Hubert-Arabie adjusted Rand index. Psychological Methods 9(3),
386-396.
"""

METRICS = {
    "reach": "percent",
    "taste": "bits",
    "smallest_jaccard": "decimal",
    "stability": "decimal",
    "kept_share": "percent",
    "mean_confidence": "decimal",
    "assigned_share": "percent",
    "fidelity": "percent",
    "smallest_recall": "percent",
    "noise_share": "percent",
    "n_training_users": "count",
    "n_holdout_users": "count",
    "log_likelihood": "decimal",
    "bic": "decimal",
}
"""Metric -> how it is written, in the order of the report."""


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One quality figure with how to read it."""

    name: str
    value: str
    reading: str


@dataclass(frozen=True, slots=True)
class CountRow:
    """A number of users with its share, and the share at training where there is one."""

    key: str
    name: str
    users: str
    share: str
    bar: float
    before: str = ""


@dataclass(frozen=True, slots=True)
class ScoredView:
    """The scored users, written out."""

    users: str
    as_of: str
    model_version: str
    statuses: tuple[CountRow, ...]
    personas: tuple[CountRow, ...]
    confidence: tuple[CountRow, ...]


def headlines(model: PersonaModel, figures: Figures) -> list[str]:
    """Say the quality of a model in a few sentences."""
    language, metrics = figures.language, model.metrics
    verdict = judge_model(model, figures).sentence
    sentences = [verdict] if verdict else []
    if len(model.personas) == 1:
        sentences.append(say("headline.one_persona", language))
    stability = metrics.get("stability")
    if stability is not None and not isnan(stability):
        grade = "excellent" if stability >= EXCELLENT_ARI else "stable" if stability >= STABLE_ARI else "weak"
        sentences.append(
            say(f"headline.stability.{grade}", language).format(value=figures.decimal(stability))
        )
    for name in ("kept_share", "assigned_share", "mean_confidence", "fidelity", "noise_share"):
        if name in metrics and not isnan(metrics[name]):
            value = _written(name, metrics[name], figures)
            sentences.append(say(f"headline.{name}", language).format(value=value))
    reasons = [c.reason.of(language) for c in model.selection if c.chosen]
    if reasons and len(model.selection) > 1:
        sentences.append(
            say("headline.chosen", language).format(
                n=len(model.personas), clusterer=clusterer_name(model.clusterer, figures), reason=reasons[0]
            )
        )
    return sentences


def metric_rows(model: PersonaModel, figures: Figures) -> list[MetricRow]:
    """Write out every metric; one that the report does not know keeps its technical name."""
    language = figures.language
    measured = {name: value for name, value in model.metrics.items() if not isnan(value)}
    known = [name for name in METRICS if name in measured]
    others = sorted(measured.keys() - METRICS.keys())
    return [
        MetricRow(
            name=say(f"metric.{name}.name", language),
            value=_written(name, model.metrics[name], figures),
            reading=say(f"metric.{name}.read", language),
        )
        for name in known
    ] + [MetricRow(name, figures.decimal(model.metrics[name], 3), "") for name in others]


def scored_view(scored: Mapping[str, Any], model: PersonaModel, figures: Figures) -> ScoredView:
    """Write out how many users were scored into what."""
    language, total = figures.language, max(1, int(scored["n_users"]))
    by_status, by_persona = scored.get("by_status", {}), scored.get("by_persona", {})
    tenths = list(scored.get("by_confidence", ()))

    def row(key: str, name: str, n_users: int, before: str = "") -> CountRow:
        share = n_users / total
        return CountRow(
            key=key,
            name=name,
            users=figures.count(n_users),
            share=figures.percent(share),
            bar=round(100 * share, 2),
            before=before,
        )

    return ScoredView(
        users=figures.count(int(scored["n_users"])),
        as_of=str(scored.get("as_of", "")),
        model_version=str(scored.get("model_version", "")),
        statuses=tuple(
            row(status, say(f"status.{status}", language), int(by_status.get(status, 0)))
            for status in STATUSES
        ),
        personas=tuple(
            row(
                p.persona_id,
                p.name.of(language),
                int(by_persona.get(p.persona_id, 0)),
                figures.percent(p.share),
            )
            for p in model.personas
        ),
        confidence=tuple(
            row(str(i), figures.interval(100 * i / len(tenths), 100 * (i + 1) / len(tenths)) + "%", int(n))
            for i, n in enumerate(tenths)
        ),
    )


def _written(name: str, value: float, figures: Figures) -> str:
    style = METRICS[name]
    if style == "count":
        return figures.count(round(value))
    if style == "percent":
        return figures.percent(value)
    if style == "bits":
        return written_measure("taste", value, figures)
    return figures.decimal(value, 0 if abs(value) >= 1000 else 2)
