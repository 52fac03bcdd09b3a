"""One function per verb: open what it needs, do the steps in order, say what came of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from personas.errors import ConfigError
from personas.model import PersonaModel
from personas.schema import CATEGORY_TABLES, TABLES, Language, Text
from personas.selection.verdict import rule_text, verdict_text
from personas.store import ArtifactStore
from pipelines.champion import (
    check_champion,
    gate_lines,
    gate_of,
    gate_result,
    objection,
    promotion_lines,
    promotions_result,
)
from pipelines.config_file import load_config
from pipelines.console import command, say, shown, steps, store_option
from pipelines.export import ExportOrder, export_files
from pipelines.made_from import training_key
from pipelines.models import (
    MODELS,
    StoredModel,
    find_model,
    listed_model,
    model_row,
    open_model,
    personas_of,
    remember_name,
)
from pipelines.report import write_model_workbook, write_report
from pipelines.score import Scored, score
from pipelines.tables import Prepared, prepared_tables
from pipelines.train import Trained, train
from pipelines.work_folder import beside_others


def check_sources(config: Path, as_of: date, *, as_json: bool) -> None:
    """Print the contract report."""
    loaded = load_config(config)
    tables = (*TABLES, *CATEGORY_TABLES)
    with (
        steps(quiet=as_json) as progress,
        prepared_tables(loaded, as_of, progress, tables=tables) as prepared,
    ):
        say(
            {"as_of": as_of, "contract": prepared.contract, "quarantine": prepared.quarantine},
            [*_contract_lines(prepared), f"Ages as of {as_of}."],
            as_json=as_json,
        )


def train_model(config: Path, as_of: date, *, force: bool, as_json: bool) -> None:
    """Train one model and print its version."""
    loaded = load_config(config)
    with (
        beside_others(loaded.store_path, loaded.config.name, "personas train"),
        steps(quiet=as_json) as progress,
        prepared_tables(loaded, as_of, progress) as prepared,
    ):
        made_from = training_key(loaded, prepared, force=force)
        trained = train(loaded, prepared, progress, force=force, made_from=made_from)
        lines = [*warning_lines(prepared), *_trained_lines(trained, loaded.store_path)]
        result = {**trained_result(trained.stored), "gate": gate_result(trained.gate)}
        say(result, lines, as_json=as_json)


def score_users(
    config: Path, as_of: date, version: str | None, output: Path | None, *, as_json: bool
) -> None:
    """Score every admitted user."""
    loaded = load_config(config)
    if output is not None and output.suffix != ".parquet":
        raise ConfigError(
            f"--output is {output.name!r}, but scored users are written as Parquet; expected a name that ends in "
            ".parquet. For CSV or Excel: personas export CONFIG --destination file --format csv|xlsx."
        )
    stored = open_model(
        ArtifactStore(loaded.store_path),
        loaded.config.name,
        version,
        how_to_train=f"{command('train', config)} --as-of {as_of}",
    )
    if version is None:
        check_champion(ArtifactStore(loaded.store_path), stored)
    with (
        beside_others(loaded.store_path, loaded.config.name, "personas score"),
        steps(quiet=as_json) as progress,
        prepared_tables(loaded, as_of, progress) as prepared,
    ):
        scored = score(loaded, prepared, stored, progress, output)
        say(scored_result(scored, output), scored_lines(scored, stored, output), as_json=as_json)


def report_model(
    store: Path,
    reference: str | None,
    output: Path | None,
    language: str | None,
    *,
    workbook: Path | None = None,
    as_json: bool,
) -> None:
    """Write the report of one model, and a workbook of the same where one is asked for."""
    opened = ArtifactStore(store)
    stored = find_model(opened, reference)
    spoken: Language = "en" if (language or stored.model.config.get("language")) == "en" else "zh-CN"
    result: dict[str, Any] = {}
    if workbook is not None:
        write_model_workbook(opened, stored, spoken, workbook)
        result["workbook"] = workbook
    path = write_report(opened, stored, spoken, output)
    lines = [f"Report: {shown(path)}", *([f"Workbook: {shown(workbook)}"] if workbook else [])]
    say({"report": path, **result}, lines, as_json=as_json)


def export_personas(config: Path, order: ExportOrder, *, as_json: bool) -> None:
    """Write audience files and print the receipts."""
    loaded = load_config(config)
    with (
        beside_others(loaded.store_path, loaded.config.name, "personas export"),
        steps(quiet=as_json) as progress,
    ):
        exported = export_files(loaded, progress, order)
    say(exported.result, exported.lines, as_json=as_json)


def list_models(store: Path, *, as_json: bool) -> None:
    """Print every stored model."""
    opened = ArtifactStore(store)
    rows = [
        listed_model(opened, name, version)
        for name in opened.names(MODELS)
        for version in opened.versions(MODELS, name)
    ]
    lines = [
        f"{'*' if row['champion'] else ' '} {row['name']}/{row['version']}  {_what_is_listed(row)}"
        for row in rows
    ]
    say({"models": rows}, lines or [f"{shown(store)} holds no model yet."], as_json=as_json)


def _what_is_listed(row: dict[str, Any]) -> str:
    if "problem" in row:
        return f"can't be read: {row['problem']}"
    return f"as of {row['as_of']}  {row['n_personas']} personas ({row['clusterer']})"


def show_model(store: Path, reference: str | None, *, as_json: bool) -> None:
    """Print the personas of one model."""
    opened = ArtifactStore(store)
    stored = find_model(opened, reference)
    gate, promotions = gate_of(stored), opened.promotions(MODELS, stored.model.name)
    result = {
        **model_row(stored),
        "metrics": stored.model.metrics,
        "personas": personas_of(stored.model),
        "gate": gate_result(gate) if gate else None,
        "promotions": promotions_result(promotions),
    }
    title = f"{stored.model.name}/{stored.record.version}{' (champion)' if stored.is_champion else ''}"
    lines = [title, *_persona_lines(stored), *(gate_lines(gate) if gate else ())]
    say(result, [*lines, "Champions:", *promotion_lines(promotions)], as_json=as_json)


def name_persona(
    store: Path, reference: str | None, persona: str, name: tuple[str, str], *, as_json: bool
) -> None:
    """Give one persona a name that later models keep."""
    opened = ArtifactStore(store)
    stored = find_model(opened, reference)
    persona_id = stored.model.persona(persona).persona_id
    remember_name(opened, stored, persona_id, Text(*name))
    result = {"model": stored.model.name, "persona_id": persona_id, "name_zh": name[0], "name_en": name[1]}
    say(result, [f"{persona_id} is now called {name[0]} / {name[1]}."], as_json=as_json)


def _contract_lines(prepared: Prepared) -> list[str]:
    lines = []
    for table in prepared.contract["tables"]:
        lines.append(
            f"{table['name']} ({table['file']}): {table['n_rows']:,} rows, {table['n_valid']:,} valid, "
            f"{table['n_quarantined']:,} quarantined"
        )
        lines += [
            f"  {r['column'] or 'row'}: {r['reason']} ({r['n_rows']:,}). {r['hint']}"
            for r in table["reasons"]
        ]
        lines += [f"  note: {warning}" for warning in table["warnings"]]
    admission = prepared.contract["admission"]
    dropped = ", ".join(f"{reason} {n:,}" for reason, n in admission["dropped"].items()) or "nobody dropped"
    lines.append(f"admitted: {admission['n_admitted']:,} of {admission['n_users']:,} users ({dropped})")
    if any(table["n_quarantined"] for table in prepared.contract["tables"]):
        lines.append(f"Row faults: {shown(prepared.quarantine)}")
    return lines


def warning_lines(prepared: Prepared) -> list[str]:
    """Return how many rows were left out, if any."""
    quarantined = sum(t["n_quarantined"] for t in prepared.contract["tables"])
    if not quarantined:
        return []
    return [f"{quarantined:,} rows were quarantined; see {shown(prepared.quarantine)}."]


def trained_result(stored: StoredModel) -> dict[str, Any]:
    """Return what programs are told of a new model."""
    return {**model_row(stored), "personas": personas_of(stored.model)}


def _trained_lines(trained: Trained, store: Path) -> list[str]:
    stored = trained.stored
    lines = [*model_lines(stored), *gate_lines(trained.gate)]
    if not stored.is_champion:
        has_champion = ArtifactStore(store).champion(MODELS, stored.model.name) is not None
        who = "The champion stays in use." if has_champion else "It is not in use."
        lines.append(f"{who} To switch: {promotion(stored, store)}")
    return lines


def model_lines(stored: StoredModel) -> list[str]:
    """Return what people are told of a new model."""
    lines = [f"Model: {stored.model.name}/{stored.record.version}", *_persona_lines(stored)]
    lines += [f"  {event.en}" for event in stored.model.events]
    lines.append(f"Found by {stored.model.clusterer}: {_why(stored.model)}.")
    if stored.model.verdicts:
        found, rule = verdict_text(stored.model.verdicts).en, rule_text(stored.model.verdicts).en
        lines.append(f"Against tables without structure: {found}{f' ({rule})' if rule else ''}.")
    if "noise_share" in stored.model.metrics:
        lines.append(
            f"The clusterer left {stored.model.metrics['noise_share']:.1%} of the training users as noise; "
            f"the scorecard agrees with its labels on {stored.model.metrics['fidelity']:.1%} of held-out users."
        )
    return lines


def _why(model: PersonaModel) -> str:
    return next((c.reason.en for c in model.selection if c.chosen), "")


def promotion(stored: StoredModel, store: Path) -> str:
    """Return the command that makes a model the champion, overruling the gate where that says no."""
    may = objection(ArtifactStore(store), stored) is None
    overrule = () if may else ("--force", "--reason", "WHY")
    reference = f"{stored.model.name}/{stored.record.version}"
    return command("models", "promote", reference, *overrule, *store_option(store))


def _persona_lines(stored: StoredModel) -> list[str]:
    return [
        f"  {p.persona_id}  {p.share:6.1%}  {p.n_users:>9,} users  {p.name.zh} / {p.name.en}"
        for p in stored.model.personas
    ]


def scored_result(scored: Scored, output: Path | None) -> dict[str, Any]:
    """Return what programs are told of scored users."""
    return {"scored": scored.path, "output": output, **scored.summary}


def scored_lines(scored: Scored, stored: StoredModel, output: Path | None) -> list[str]:
    """Return what people are told of scored users."""
    by_status = ", ".join(f"{n:,} {status}" for status, n in scored.summary["by_status"].items())
    which = "the champion" if stored.is_champion else "not the champion"
    version = f"{stored.model.name}/{stored.record.version} ({which})"
    return [
        f"Scored {scored.summary['n_users']:,} users with {version}: {by_status}.",
        f"Scored file: {shown(output or scored.path)}",
    ]
