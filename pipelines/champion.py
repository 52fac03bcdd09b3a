"""Who scores: a model becomes champion by a passed gate or by somebody's recorded word, and can be withdrawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from personas.config import GateSpec
from personas.errors import ConfigError, DataError, GateError, NotFoundError
from personas.model.gate import CHECKS, GateReport, GateRules, gate_from_bytes
from personas.store import ArtifactStore, Promotion
from pipelines.console import command, say, shown, store_option
from pipelines.models import MODELS, StoredModel, find_model, open_model

GATE_FILE = "gate.json"

PASSED = "its gate passed"
FIRST = "the first model, and its gate passed"
FIRST_FORCED = "the first model, forced when it was trained"


def gate_rules(spec: GateSpec) -> GateRules:
    """Return the rules that a config asks for."""
    return GateRules(**spec.model_dump())


def gate_of(stored: StoredModel) -> GateReport | None:
    """Return the verdict that was stored with a model; None = it was stored before there was a gate."""
    path = stored.record.path / GATE_FILE
    return gate_from_bytes(path.read_bytes()) if path.exists() else None


def objection(store: ArtifactStore, stored: StoredModel) -> str | None:
    """Say why a model may not become champion by itself.

    Parameters
    ----------
    store : ArtifactStore
        Where models are kept.
    stored : StoredModel
        The model.

    Returns
    -------
    str or None
        None if its gate passed, against the model that is champion now.
    """
    name, version = stored.model.name, stored.record.version
    report = gate_of(stored)
    if report is None:
        return (
            f"{name}/{version} was stored before there was a gate, so nobody has judged it; expected a passed gate. "
            "Train again"
        )
    champion = store.champion(MODELS, name)
    against = stored.record.metadata.get("beside")
    if champion in store.versions(MODELS, name) and against != champion:
        return (
            f"{name}/{version} was judged against {against or 'no champion'}, but the champion is now {champion}; "
            "expected a verdict against the model that it would replace. Train again"
        )
    if report.failed:
        failed = "; ".join(f"{CHECKS[check.name].en} {check.reason.en}" for check in report.failed)
        return (
            f"The gate said no to {name}/{version}: {failed}. Expected every check to pass. Train again, loosen the "
            "rules (gate in the config)"
        )
    return None


def settle_first(store: ArtifactStore, name: str, version: str, report: GateReport, *, force: bool) -> bool:
    """Make a model the champion where there is none, if its gate passed or somebody forced it.

    Returns
    -------
    bool
        Whether it is the champion now.
    """
    is_settled = store.champion(MODELS, name) in store.versions(MODELS, name)
    if is_settled or not (report.passed or force):
        return False
    crown(store, name, version, reason=FIRST if report.passed else FIRST_FORCED, is_forced=not report.passed)
    return True


def crown(store: ArtifactStore, name: str, version: str, *, reason: str, is_forced: bool) -> None:
    """Make a version the champion now; where the disk refuses, the error says who is champion."""
    with champion_told(store, name):
        store.promote(MODELS, name, version, at=datetime.now(UTC), reason=reason, is_forced=is_forced)


@contextmanager
def champion_told(store: ArtifactStore, name: str) -> Iterator[None]:
    """Add to an error of the disk in which of its two complete states the store is: who is champion."""
    before = store.champion(MODELS, name)
    try:
        yield
    except OSError as error:
        now = store.champion(MODELS, name)
        if not getattr(error, "__notes__", ()):  # by the step in which it happened
            state = "as before" if now == before else "the new one"
            error.add_note(f"The store is whole; the champion of {name} is {now or 'nobody'} ({state}).")
        raise


def promote_model(
    store: Path, reference: str, *, force: bool = False, reason: str | None = None, as_json: bool
) -> None:
    """Make one model the champion.

    Raises
    ------
    ConfigError
        If the reference names no version, or ``force`` comes without a reason.
    GateError
        If its gate did not pass, or it was not judged against the present champion, and nobody forced it.
    """
    if force and not (reason or "").strip():
        raise ConfigError('--force needs --reason "...", which is recorded; say why the gate is overruled.')
    opened = ArtifactStore(store)
    stored = find_model(opened, reference)
    name, version = stored.model.name, stored.record.version
    if reference == name:
        raise ConfigError(
            f"{reference!r} names a use case, not a version; choose one of: "
            f"{', '.join(f'{reference}/{version}' for version in opened.versions(MODELS, reference))}."
        )
    if stored.is_champion:
        say(
            {"model": name, "champion": version, "changed": False},
            [f"{name}: {version} is the champion already."],
            as_json=as_json,
        )
        return
    why_not = objection(opened, stored)
    if why_not is not None and not force:
        overrule = command(
            "models", "promote", f"{name}/{version}", "--force", "--reason", "WHY", *store_option(store)
        )
        raise GateError(f"{why_not}, or overrule it: {overrule}. The champion stays as it is.")
    is_back = version in opened.champions(MODELS, name)
    by_itself = f"{PASSED}; it was withdrawn before" if is_back else PASSED
    recorded = (reason or "").strip() or by_itself
    crown(opened, name, version, reason=recorded, is_forced=why_not is not None)
    lines = [f"{name}: {version} is now the champion{' again' if is_back else ''}."]
    if why_not is not None:
        lines.append(f"The gate was overruled; recorded: {reason}")
    elif is_back:
        # A rollback is somebody's word, and so is this; no job brings a withdrawn model back by itself.
        lines.append(
            "It was champion before and another one was chosen since. Its gate passed against the model that it "
            "replaces now, so nothing is overruled."
        )
    result = {
        "model": name,
        "champion": version,
        "changed": True,
        "forced": why_not is not None,
        "reason": reason,
    }
    say(result, lines, as_json=as_json)


def rollback_model(store: Path, name: str | None, *, reason: str | None = None, as_json: bool) -> None:
    """Make the model before the champion the champion again.

    Raises
    ------
    NotFoundError
        If there is no use case of that name, or no earlier champion that still stands in the store.
    """
    opened = ArtifactStore(store)
    names = opened.names(MODELS)
    if name is None:
        if len(names) != 1:
            raise NotFoundError(f"{shown(store)} holds models of {', '.join(names) or 'nothing'}; say which.")
        name = names[0]
    elif name not in names:
        raise NotFoundError(f"{name!r} is no use case here; expected one of {', '.join(names) or 'none'}.")
    withdrawn = opened.champion(MODELS, name)
    with champion_told(opened, name):
        version = opened.rollback(MODELS, name, at=datetime.now(UTC), reason=(reason or "").strip())
    lines = [
        f"{name}: {version} is the champion again; {withdrawn} was withdrawn and stays in the store.",
        "Users keep the personas that they were scored into last; score them anew: personas score CONFIG --as-of DATE",
    ]
    say({"model": name, "champion": version, "withdrawn": withdrawn}, lines, as_json=as_json)


def check_champion(store: ArtifactStore, stored: StoredModel) -> None:
    """Raise unless there is a champion: nobody is scored by a model that no gate has let through.

    Raises
    ------
    GateError
        If the use case has models, but no champion.
    """
    name = stored.model.name
    if store.champion(MODELS, name) is not None:
        return
    why_not = objection(store, stored) or "It waits to be promoted"
    raise GateError(
        f"{name} has no champion yet. {why_not}. To score with {stored.record.version} all the same, promote it: "
        f"{command('models', 'promote', f'{name}/{stored.record.version}', *store_option(store.root))}, or name it with "
        "--model."
    )


def gate_lines(report: GateReport) -> list[str]:
    """Return the verdict in lines for people."""
    verdict = "passed" if report.passed else "said no"
    return [
        f"Gate {verdict}:",
        *(
            f"  {'ok' if check.passed else 'NO'}  {CHECKS[check.name].en}: {check.reason.en}"
            for check in report.checks
        ),
    ]


def gate_result(report: GateReport) -> dict[str, Any]:
    """Return the verdict JSON-ready."""
    rows = [
        {
            "name": check.name,
            "value": check.value,
            "champion": check.champion,
            "threshold": check.threshold,
            "passed": check.passed,
            "reason_zh": check.reason.zh,
            "reason_en": check.reason.en,
        }
        for check in report.checks
    ]
    return {"passed": report.passed, "checks": rows}


def promotions_result(promotions: Sequence[Promotion]) -> list[dict[str, Any]]:
    """Return the history of champions, JSON-ready."""
    return [_promotion_row(promotion) for promotion in promotions]


def promotion_lines(promotions: Sequence[Promotion]) -> list[str]:
    """Return the history of champions in lines for people, the latest last."""
    lines = []
    for promotion in promotions:
        when = "before times were kept" if promotion.at is None else f"{promotion.at:%Y-%m-%d %H:%M} UTC"
        how = "rolled back to" if promotion.is_rollback else "forced" if promotion.is_forced else "promoted"
        lines.append(
            f"  {when}  {how} {promotion.version}{f': {promotion.reason}' if promotion.reason else ''}"
        )
    return lines


def _promotion_row(promotion: Promotion) -> dict[str, Any]:
    return {
        "version": promotion.version,
        "at": promotion.at,
        "reason": promotion.reason,
        "forced": promotion.is_forced,
        "rolled_back_to": promotion.is_rollback,
    }


def champion_model(store: ArtifactStore, name: str) -> StoredModel | None:
    """Return the model to match ids with; None when there was never one, or every version was deleted.

    Raises
    ------
    DataError
        If it was written in a format that this version doesn't read, or was changed since.
    NotFoundError
        If its folder alone was deleted.
    """
    champion = store.champion(MODELS, name)
    if champion is None or not store.versions(MODELS, name):
        return None
    try:
        return open_model(store, name)
    except DataError as error:
        raise DataError(
            f"The champion of {name}, {champion}, can't be read, so nobody can tell which persona is which: {error} "
            f"{_way_out(store, name, champion)}"
        ) from None


def _way_out(store: ArtifactStore, name: str, champion: str) -> str:
    if len(store.reigns(MODELS, name)) > 1:
        back = command("models", "rollback", name, *store_option(store.root))
        return f"Or go back to the champion before it: {back}."
    place = shown(store.root / MODELS / name / champion)
    return (
        f"There is no champion before it to go back to. Where nothing else helps, move {place} out of the store: "
        "another model can be promoted then, or the next training begins afresh, and its persona ids are other personas."
    )
