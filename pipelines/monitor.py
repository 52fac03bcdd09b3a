"""Monitor: today's users against those a model knows; advice and an exit code, never a training."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

from personas.errors import ConfigError, DataError, GateError
from personas.features import FeatureSet
from personas.monitor import (
    DriftReport,
    DriftRow,
    DriftRules,
    PersonaDrift,
    Reference,
    count_users,
    last_season,
    measure_drift,
)
from personas.monitor.advice import BAND_WORDS
from personas.schema import Text
from personas.store import ArtifactRecord, ArtifactStore
from pipelines.config_file import LoadedConfig, load_config
from pipelines.console import command, say, shown, steps, store_option
from pipelines.models import StoredModel, open_model
from pipelines.score import answer_users, check_fit
from pipelines.sketches import put_sketch, sketches_of_last_season
from pipelines.tables import Prepared, prepared_tables
from pipelines.work_folder import beside_others

MONITORINGS = "monitorings"
FILE = "monitoring.json"

_MOST_SHOWN = 20
_NO_SEASON = Text(
    "没有一年前（±{days}天）的统计，因此与训练时的用户比较",
    "there is no sketch of a year ago (within {days} days), so users are compared with those of the training",
)


def monitor_users(config: Path, as_of: date, version: str | None, *, as_json: bool) -> None:
    """Measure drift, store the report and print it.

    Parameters
    ----------
    config : Path
        The use case.
    as_of : date
        First day that features do not see.
    version : str or None
        Model to watch; None = the champion.
    as_json : bool
        Print one JSON object.

    Raises
    ------
    ConfigError
        If the day lies before the model's.
    DataError
        If the model has no sketch of its training users.
    GateError
        After the report, if it advises to act.
    """
    loaded = load_config(config)
    store = ArtifactStore(loaded.store_path)
    train = f"{command('train', config)} --as-of {as_of}"
    stored = open_model(store, loaded.config.name, version, how_to_train=train)
    _check_model(stored, as_of, train)
    with beside_others(store.root, loaded.config.name, "personas monitor"):
        with steps(quiet=as_json) as progress, prepared_tables(loaded, as_of, progress) as prepared:
            check_fit(stored.model, loaded, prepared, "train and promote a new model")
            known = _features_left(stored, prepared)
            features, answers = answer_users(prepared, stored, known, progress, loaded.config.language)
            with progress.step("count users") as step:
                assert stored.model.sketch is not None
                current = count_users(stored.model.sketch, features, answers, as_of=as_of, progress=step)
        reference, notes = _reference(store, stored, loaded, as_of)
        report = measure_drift(
            stored.model,
            current,
            reference,
            model_version=stored.record.version,
            rules=drift_rules(loaded),
            notes=notes,
        )
        put_sketch(store, stored, current)
        record = _put(store, stored, report)
    result = {"monitoring": record.path / FILE, **report.to_dict()}
    say(result, report_lines(report, stored, record), as_json=as_json)
    if report.advice.is_alarm:
        raise GateError(_what_to_do(report, stored, train, store))


def drift_rules(loaded: LoadedConfig) -> DriftRules:
    """Return how much drift the config takes for how bad."""
    spec = loaded.config.monitor
    return DriftRules(
        false_alarm=spec.false_alarm,
        tolerated_psi=spec.tolerated_psi,
        retrain_feature_psi=spec.retrain_feature_psi,
        retrain_answer_psi=spec.retrain_answer_psi,
        retrain_distance=spec.retrain_distance,
    )


def monitorings(store: ArtifactStore, name: str) -> list[DriftReport]:
    """Return the stored reports of a use case by day; of one day and model the one written last.

    Parameters
    ----------
    store : ArtifactStore
        Where they are.
    name : str
        Name of the use case.

    Returns
    -------
    list of DriftReport
    """
    found: dict[tuple[date, str], DriftReport] = {}
    for version in store.versions(MONITORINGS, name):
        record = store.get(MONITORINGS, name, version)
        report = DriftReport.from_dict(json.loads((record.path / FILE).read_bytes()))
        found[report.as_of, report.model_version] = report
    return [found[key] for key in sorted(found)]


def report_lines(report: DriftReport, stored: StoredModel, record: ArtifactRecord) -> list[str]:
    """Return the report for people: the verdict, then the drifted features."""
    whom = {"training": "the users of the training", "last_season": "the users of a year ago"}
    reference = f"{whom[report.reference]} ({report.reference_n_users:,} as of {report.reference_as_of})"
    title = f"{stored.model.name}/{report.model_version}"
    lines = [
        f"{title}: {report.n_users:,} users as of {report.as_of} against {reference}.",
        f"Advice: {report.advice.verdict}",
        *(f"  - {reason.en}" for reason in report.advice.reasons),
    ]
    n_drifted = sum(row.shift.is_drift for row in report.rows)
    lines.append(f"{n_drifted} of {len(report.rows)} features drifted:")
    lines += _row_lines(report.rows)
    lines += ["Answers:", *_row_lines(report.answers)]
    lines += ["Personas:", *(_persona_line(persona) for persona in report.personas)]
    lines += [f"note: {note.en}" for note in report.notes]
    lines.append(f"Stored: {shown(record.path / FILE)}")
    return lines


def _check_model(stored: StoredModel, as_of: date, train: str) -> None:
    title = f"{stored.model.name}/{stored.record.version}"
    if stored.model.sketch is None:
        raise DataError(
            f"{title} holds no sketch of the users it was trained on, since an older version of personas trained it; "
            f"expected one to compare with. Train it again: {train}"
        )
    if as_of < stored.model.as_of:
        raise ConfigError(
            f"--as-of is {as_of}, but {title} was trained as of {stored.model.as_of}; expected that day or a later "
            "one. Give a later day, or an earlier model with --model."
        )


def _features_left(stored: StoredModel, prepared: Prepared) -> FeatureSet:
    """Return the model's features, without those only described that the users no longer have."""
    columns, read = prepared.engine.table("users").columns, stored.model.scorecard.features
    return FeatureSet(
        tuple(
            f
            for f in stored.model.feature_set
            if f.name in read or f.source not in ("profile", "membership") or f.argument in columns
        )
    )


def _reference(
    store: ArtifactStore, stored: StoredModel, loaded: LoadedConfig, as_of: date
) -> tuple[Reference, list[Text]]:
    assert stored.model.sketch is not None
    spec = loaded.config.monitor
    training = Reference("training", stored.model.sketch, stored.record.version)
    if spec.reference == "training":
        return training, []
    days = spec.season_window_days
    found = last_season(
        sketches_of_last_season(store, stored.model.name, as_of, window_days=days),
        as_of,
        model_version=stored.record.version,
        window_days=days,
    )
    if found is None:
        return training, [Text(_NO_SEASON.zh.format(days=days), _NO_SEASON.en.format(days=days))]
    return found, []


def _put(store: ArtifactStore, stored: StoredModel, report: DriftReport) -> ArtifactRecord:
    content = json.dumps(report.to_dict(), ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False)
    return store.put(
        MONITORINGS,
        stored.model.name,
        {FILE: f"{content}\n".encode()},
        created_at=datetime.now(UTC),
        metadata={
            "as_of": report.as_of.isoformat(),
            "model_version": report.model_version,
            "verdict": report.advice.verdict,
        },
    )


def _row_lines(rows: tuple[DriftRow, ...]) -> list[str]:
    width = max((len(row.label.en) for row in rows[:_MOST_SHOWN]), default=0)
    lines = [
        f"  {'!' if row.shift.is_drift else ' '} {row.label.en:<{width}}  PSI {row.shift.psi:.4f} "
        f"(limit {row.shift.limit or '-':{'.4f' if row.shift.limit else '>6'}})  JS {row.shift.js:.4f}  {row.cell.en}: "
        f"{_percent(row.share_before)} -> {_percent(row.share_now)}"
        for row in rows[:_MOST_SHOWN]
    ]
    if len(rows) > _MOST_SHOWN:
        lines.append(f"    ... and {len(rows) - _MOST_SHOWN} more, all in the stored report")
    return lines


def _persona_line(persona: PersonaDrift) -> str:
    mark = "!" if persona.is_drift else " "
    shares = f"{persona.share_before:.1%} -> {persona.share_now:.1%}"
    if persona.distance is None or persona.band is None:
        return f"  {mark} {persona.persona_id}  {shares}  too few users for a portrait"
    told = f"{BAND_WORDS[persona.band].en} (chance alone explains {persona.limit:.3f})"
    if persona.distance <= persona.limit:
        told = f"no more than chance alone explains ({persona.limit:.3f})"
    elif not persona.is_drift:
        told = f"more than chance alone explains ({persona.limit:.3f}), yet {BAND_WORDS[persona.band].en}: no drift"
    return f"  {mark} {persona.persona_id}  {shares}  portrait distance {persona.distance:.3f}: {told}"


def _percent(share: float | None) -> str:
    return "<20 users" if share is None else f"{share:.1%}"


def _what_to_do(report: DriftReport, stored: StoredModel, train: str, store: ArtifactStore) -> str:
    title = f"{stored.model.name}/{report.model_version}"
    promote = command("models", "promote", f"{stored.model.name}/VERSION", *store_option(store.root))
    if report.advice.verdict == "retrain":
        todo = "the personas no longer fit today's users, train a challenger, compare, and promote it if it is better"
    else:
        todo = (
            "the personas still fit, but confidence, limits and cards were measured on other people, train on "
            "today's users and promote the model if it keeps the personas"
        )
    return f"{title} drifted, advice: {report.advice.verdict}. Since {todo}: {train}; {promote}"
