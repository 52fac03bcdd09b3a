"""Run: check, train, ask the gate, score, report, export, as one job that may be killed and goes on."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from personas.errors import GateError
from personas.export.run import RECEIPT_FILE
from personas.store import ArtifactStore
from pipelines.challenger import Decision, decide
from pipelines.champion import champion_model, champion_told, crown, gate_lines, gate_of, gate_result
from pipelines.config_file import LoadedConfig, load_config
from pipelines.console import Steps, say, shown, steps
from pipelines.export import ExportOrder, export_files
from pipelines.jobs import model_lines, promotion, scored_lines, scored_result, trained_result, warning_lines
from pipelines.journal import (
    ENDED,
    Journal,
    Record,
    StepNote,
    earlier_records,
    is_whole,
    outputs_of,
    take_over,
)
from pipelines.made_from import MADE_FROM, config_of, data_of, job_key, scoring_key, training_key
from pipelines.models import ASSIGNMENTS, MODELS, StoredModel, open_model
from pipelines.report import write_report
from pipelines.score import FILE, Scored, check_window, score, use_for_exports
from pipelines.tables import Prepared, prepared_tables
from pipelines.train import train
from pipelines.work_folder import only_one, remove_dead

_PATHS = ("scored", "report", "export")
"""Results that are paths in the store."""

_STEP_READS = ("scored_with", "assignments")
"""Versions that reports and exports are made of."""


@dataclass
class Outcome:
    """What came of a run.

    Parameters
    ----------
    result : dict
        For programs.
    lines : list of str
        For people.
    refusal : str or None
        What the gate said, if it said no.
    """

    result: dict[str, Any] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    refusal: str | None = None


def run_all(config: Path, dates: Collection[date], *, force: bool, as_json: bool) -> None:
    """Do the whole job for each day, in date order.

    Parameters
    ----------
    config : Path
        The use case.
    dates : collection of date
        First days that features do not see.
    force : bool
        Publish even if a gate says no.
    as_json : bool
        Print one JSON object per day.

    Raises
    ------
    GateError
        After the last day, if a gate said no on any: the champion scored then; where there was none, nobody did.
    BusyError
        If another process is at work on the use case.
    """
    loaded = load_config(config)
    name, store = loaded.config.name, loaded.store_path
    refusals = []
    with only_one(store, name, "personas run"):
        for folder in ("reports", "quarantine", f"audiences/{name}", f"runs/{name}"):
            remove_dead(store / folder)
        for as_of in sorted(set(dates)):
            with steps(quiet=as_json) as progress, champion_told(ArtifactStore(store), name):
                outcome = _Run(loaded, as_of, progress, force=force).do_or_tell()
            say(outcome.result, outcome.lines, as_json=as_json)
            refusals += [f"{as_of}: {outcome.refusal}"] if outcome.refusal else []
    if refusals:
        raise GateError("\n".join(refusals))


class _Run:
    """One day: its journal, its steps and what is said of them."""

    def __init__(self, loaded: LoadedConfig, as_of: date, progress: Steps, *, force: bool) -> None:
        self.loaded, self.as_of, self.progress, self.force = loaded, as_of, progress, force
        self.name = loaded.config.name
        self.store = ArtifactStore(loaded.store_path)
        self.outcome = Outcome()
        self.left: Record = {}
        version = None
        if killed := take_over(self.store, self.name):
            version, self.left = killed
            self.outcome.lines += _killed_lines(self.left, self.store.champion(MODELS, self.name), as_of)
        self.journal = Journal(self.store, self.name, as_of, version)
        self.earlier = list(earlier_records(self.store, self.name))

    def do_or_tell(self) -> Outcome:
        """Do the day; a gate that says no ends this day, not those that come after it."""
        try:
            return self.do()
        except GateError as error:
            self.outcome.refusal = str(error)
            self.outcome.lines.append(f"Nobody was scored as of {self.as_of}.")
            ended = {key: self.journal.record[key] for key in ("as_of", "status", "reason")}
            self.outcome.result |= {"run": self.journal.version, **ended}
            return self.outcome

    def do(self) -> Outcome:
        """Do every step that no earlier run did."""
        with self.journal.until_the_end(), ExitStack() as tables:
            prepared = self._check(tables)
            if self._is_finished():
                return self.outcome
            challenger = self._train(prepared)
            model = self._gate(challenger)
            scored = self._score(prepared, model, challenger)
            tables.close()  # its memory, before the next steps need some
            self._report(model)
            self._export(scored)
            refusal = self.outcome.refusal
            self.journal.end("gate_said_no" if refusal else "done", 1 if refusal else 0, refusal)
        self.outcome.result |= {"run": self.journal.version, "status": self.journal.record["status"]}
        return self.outcome

    def _check(self, tables: ExitStack) -> Prepared:
        with self.journal.step("check"):
            prepared = tables.enter_context(prepared_tables(self.loaded, self.as_of, self.progress))
            check_window(prepared)
            data = data_of(prepared)
            names = self.store.persona_names(MODELS, self.name)
            job = job_key(self.loaded, data, names, self.as_of.isoformat(), self.force)
        self.journal.note(job=job, config_sha256=config_of(self.loaded), data=data)
        self.outcome.lines += _changed_lines(self.left, self.journal.record)
        self._note_pointers(champion_before=self.store.champion(MODELS, self.name))
        self.outcome.lines += warning_lines(prepared)
        return prepared

    def _is_finished(self) -> bool:
        """Return whether an earlier run did this job, and nobody has chosen another model since."""
        job, now = self.journal.record["job"], self._pointers()
        last: Record = next((record["versions"] for _, record in self.earlier if "job" in record), {})
        if any(last.get(key) != version for key, version in now.items()):
            return False
        for version, record in self.earlier:
            rows = record["steps"]
            if record.get("job") == job and record["status"] in ENDED:
                if not all(is_whole(self.store, row.get("outputs", {})) for row in rows):
                    return False
                for row in rows:
                    self._tell(row.get("result", {}))
                self.outcome.result |= {"run": version, "status": "done_before"}
                self.outcome.lines.append(
                    f"Nothing to do: the run as of {self.as_of} ended {_minute(record['ended_at'])} (runs/{self.name}/{version}), "
                    "and config, data and outputs are as they were then."
                )
                self.outcome.result["champion"] = record["versions"].get("model") == now["champion"]
                self.outcome.refusal = record["reason"]
                self.journal.drop()
                return True
        return False

    def _train(self, prepared: Prepared) -> StoredModel | None:
        """Return the model of this config, data and day; None where training found none to publish.

        No model is trained for an earlier day than the champion's: a run that catches up on the past never sends
        today's users back to an old model.
        """
        champion = champion_model(self.store, self.name)
        if champion is not None and champion.model.as_of > self.as_of:
            self.outcome.lines.append(
                f"No model was trained: the champion is as of {champion.model.as_of}, which is later than {self.as_of}."
            )
            return None
        key = training_key(self.loaded, prepared, force=self.force)
        try:
            with self.journal.step("train") as note:
                # What no gate of the training stopped may be used when they are overruled.
                stored = self._made_before({key, training_key(self.loaded, prepared, force=False)})
                note.is_reused = stored is not None
                if stored is None:
                    trained = train(self.loaded, prepared, self.progress, force=self.force, made_from=key)
                    stored = trained.stored
                note.outputs = outputs_of(self.store, stored.record.path)
                note.result = trained_result(stored)
        except GateError as error:
            if champion is None:
                raise
            self.outcome.refusal = str(error)
            return None
        self.journal.note(versions={"model": stored.record.version})
        self._tell(note.result)
        self.outcome.lines += model_lines(stored)
        if note.is_reused:
            self.outcome.lines.append(
                "This model was trained before from the same config and data; it is used again."
            )
        return stored

    def _gate(self, challenger: StoredModel | None) -> StoredModel:
        """Ask the gate and return the model that scores."""
        if challenger is not None:
            with self.journal.step("gate") as note:
                decision = self._decide(challenger)
                report = gate_of(challenger)
                note.result = {
                    "takes_over": decision.takes_over,
                    "reason": decision.reason,
                    "gate": None if report is None else gate_result(report),
                }
            self.outcome.lines += [] if report is None else gate_lines(report)
            self._tell_decision(note, decision, challenger)
        model = champion_model(self.store, self.name)
        if model is None:
            raise GateError(f"{self.outcome.refusal} No model is in use, so nobody was scored.")
        version = model.record.version
        self.outcome.result["champion"] = challenger is not None and version == challenger.record.version
        self._note_pointers(scored_with=version)
        return model

    def _decide(self, challenger: StoredModel) -> Decision:
        """Say what becomes of a model, and let it take over if it may."""
        if challenger.is_champion:
            why = self.store.promotions(MODELS, self.name)[-1].reason
            return Decision(takes_over=True, reason=why or "it is in use already")
        decision = decide(self.store, challenger, force=self.force)
        if decision.takes_over:
            version = challenger.record.version
            crown(self.store, self.name, version, reason=decision.reason, is_forced=decision.is_forced)
        return decision

    def _score(self, prepared: Prepared, model: StoredModel, challenger: StoredModel | None) -> Scored:
        key = scoring_key(self.loaded, prepared, model)
        remedy = "train and promote a new model"
        if challenger is not None and challenger.record.version != model.record.version:
            remedy = (
                f"switch to the model just trained and run again: {promotion(challenger, self.store.root)}"
            )
        with self.journal.step("score") as note:
            scored = self._scored_before(key)
            note.is_reused = scored is not None
            if scored is None:
                scored = score(
                    self.loaded,
                    prepared,
                    model,
                    self.progress,
                    None,
                    remedy=remedy,
                    made_from=key,
                    only_if_later=True,
                )
            note.outputs = outputs_of(self.store, scored.record.path)
            note.result = {**scored_result(scored, None), "scored": self._relative(scored.path)}
        self._note_pointers(assignments=scored.record.version)
        self._tell(note.result)
        self.outcome.lines += scored_lines(scored, model, None)
        return scored

    def _report(self, model: StoredModel) -> None:
        with self.journal.step("report") as note:
            if not self._take_over("report", note):
                with self.progress.step("write report"):
                    path = write_report(self.store, model, self.loaded.config.language, None)
                note.outputs = outputs_of(self.store, path)
                note.result = {"report": self._relative(path)}
        self._tell(note.result)
        self.outcome.lines.append(f"Report: {shown(self.outcome.result['report'])}")

    def _export(self, scored: Scored) -> None:
        with self.journal.step("export") as note:
            if not self._take_over("export", note):
                exported = export_files(self.loaded, self.progress, ExportOrder("file"), scored=scored.record)
                files = [
                    exported.folder / receipt.folder / file
                    for receipt in exported.receipts
                    for file in (*receipt.files, RECEIPT_FILE)
                ]
                note.outputs = outputs_of(self.store, *files)
                note.result = {**exported.result, "export": self._relative(exported.folder)}
                self.outcome.lines += exported.lines
        self._tell(note.result)
        if note.is_reused:
            self.outcome.lines.append(
                f"Exported files: {shown(self.outcome.result['export'])} (as an earlier run left them)"
            )

    # --- what earlier runs did --------------------------------------------------------------------

    def _made_before(self, keys: Collection[str]) -> StoredModel | None:
        """Return the model made from the same, if it may stand in for a new one.

        A model takes over the ids of the champion it was trained beside; beside another one it would be another
        model, unless it is or was the champion itself.
        """
        champions = self.store.champions(MODELS, self.name)
        champion = champions[-1] if champions else None
        for version, noted in reversed(self.store.metadata(MODELS, self.name).items()):
            if noted.get(MADE_FROM) in keys and (version in champions or noted.get("beside") == champion):
                return open_model(self.store, self.name, version)
        return None

    def _scored_before(self, key: str) -> Scored | None:
        for version, noted in reversed(self.store.metadata(ASSIGNMENTS, self.name).items()):
            if noted.get(MADE_FROM) == key:
                record = self.store.get(ASSIGNMENTS, self.name, version)
                use_for_exports(self.store, self.name, record, only_if_later=True)
                summary = {k: v for k, v in noted.items() if k != MADE_FROM}
                return Scored(record, record.path / FILE, summary)
        return None

    def _take_over(self, title: str, note: StepNote) -> bool:
        """Take over what the killed run that this one continues left of a step, if it is whole."""
        mine, theirs = self.journal.record, self.left
        if theirs.get("job") != mine["job"] or any(
            theirs["versions"].get(key) != mine["versions"].get(key) for key in _STEP_READS
        ):
            return False
        for row in theirs["steps"]:
            outputs = row.get("outputs", {})
            if row["step"] == title and outputs and is_whole(self.store, outputs):
                note.outputs, note.result, note.is_reused = outputs, row["result"], True
        return note.is_reused

    # --- small talk -------------------------------------------------------------------------------

    def _pointers(self) -> dict[str, str | None]:
        return {
            "champion": self.store.champion(MODELS, self.name),
            "exported_from": self.store.champion(ASSIGNMENTS, self.name),
        }

    def _note_pointers(self, **versions: str | None) -> None:
        self.journal.note(versions={**self._pointers(), **versions})

    def _relative(self, path: Path) -> str:
        return path.relative_to(self.store.root).as_posix()

    def _tell(self, result: dict[str, Any]) -> None:
        places = {key: self.store.root / result[key] for key in _PATHS if result.get(key)}
        self.outcome.result |= {**result, **places}

    def _tell_decision(self, note: StepNote, decision: Decision, challenger: StoredModel) -> None:
        self._tell(note.result)
        version = f"{self.name}/{challenger.record.version}"
        if decision.takes_over:
            self.outcome.lines.append(f"{version} is the champion: {decision.reason}.")
        elif decision.is_refusal:
            self.outcome.refusal = decision.reason + "."
            self.outcome.lines.append(f"{version} does not take the champion's place.")
        else:
            self.outcome.lines.append(f"{version} does not take the champion's place: {decision.reason}.")


def _killed_lines(record: Record, champion: str | None, as_of: date) -> list[str]:
    """Say what a killed run left, and which of its two complete states the store is in."""
    done = [row["step"] for row in record["steps"] if row["status"] in ("done", "reused")]
    is_old = record["versions"].get("champion_before", champion) == champion
    state = "as before that run" if is_old else "the model of that run"
    lines = [
        f"The run as of {record['as_of']} that began {_minute(record['started_at'])} was killed. {record['reason']}",
        f"The store is whole; finished: {', '.join(done) or 'nothing'}; champion: {champion or 'none'} ({state}).",
    ]
    if record["as_of"] == as_of.isoformat():
        return [*lines, "This run goes on from there."]
    return [*lines, f"To finish that run, run again with --as-of {record['as_of']}."]


def _changed_lines(left: Record, mine: Record) -> list[str]:
    """Say that a killed run of the same day was another job."""
    is_other = "job" in left and left["as_of"] == mine["as_of"] and left["job"] != mine["job"]
    return (
        ["Config, data or names have changed since: what depends on them is done anew."] if is_other else []
    )


def _minute(time: str) -> str:
    return f"{time[:16].replace('T', ' ')} UTC"
