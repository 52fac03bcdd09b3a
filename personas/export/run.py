"""From assignments to audiences: choose, suppress, write, check and publish."""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from personas.errors import ConfigError, DataError, NotFoundError, UnsafeExportError
from personas.export.base import Audience, Destination, Receipt
from personas.export.policy import (
    audience_code,
    check_user_table,
    consent_reasons,
    leaves_company,
    minimum_size_for,
    refusing_users,
)
from personas.export.publish import RECEIPT_FILE, file_receipt, publish, sha256_of, workspace_in
from personas.schema import Language
from personas.scoring.base import ASSIGNMENT_SCHEMA


@dataclass(frozen=True, slots=True, eq=False)
class ScenePeople:
    """The users of one scene, to whom an export is confined.

    Parameters
    ----------
    scene_id : str
        Of the scene.
    user_ids : Array of text
        Whose main scene it is.
    warnings : tuple of str
        What people should know of the scene; on every receipt.
    """

    scene_id: str
    user_ids: pa.Array
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What is exported, and how strictly.

    Parameters
    ----------
    folder : Path
        Each audience gets the folder ``<folder>/<destination>/<code>`` with its files and
        ``receipt.json``; where another export stands, ``<code>-2``, ``<code>-3``, ...
    persona_id : str or None
        Id or name of one persona; None = every persona, one audience each.
    min_confidence : float, 0 to 1
        Users below it are left out.
    minimum_size : int or None
        Raises (never lowers) the destination's own minimum.
    language : Language
        Of headers for people.
    dry_run : bool
        Count and check, but write nothing.
    scene : ScenePeople or None
        Only these users.

    Raises
    ------
    ConfigError
        If min_confidence is outside 0 to 1.
    """

    folder: Path
    persona_id: str | None = None
    min_confidence: float = 0.0
    minimum_size: int | None = None
    language: Language = "zh-CN"
    dry_run: bool = False
    scene: ScenePeople | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.min_confidence <= 1.0:
            raise ConfigError(f"min_confidence is {self.min_confidence}; expected a share from 0 to 1.")


def export_audience(
    assignments: pa.Table | Path,
    destination: Destination,
    request: ExportRequest,
    *,
    identifiers: pd.DataFrame | None = None,
    consents: pd.DataFrame | None = None,
) -> list[Receipt]:
    """Write the audience of each persona that is asked for, and return the receipts.

    Everything is built in a temporary folder beside the target and moved at the end: after a failure
    nothing is left. An export that exists already with the same bytes is left as it is; another one of
    the same persona and week (a new opt-out, another format or min_confidence) stays too, and the new one
    gets the next numbered folder beside it, so no receipt is ever lost. The receipt names its folder.

    Parameters
    ----------
    assignments : Table or Path
        One row per user, as :data:`personas.scoring.base.ASSIGNMENT_SCHEMA` says, or its Parquet.
    destination : Destination
        Where the audiences go.
    request : ExportRequest
        What is exported, and how strictly.
    identifiers : DataFrame or None
        One row per user: ``user_id`` and identifier columns; needed by platforms.
    consents : DataFrame or None
        One row per user: ``user_id`` and consent flags; needed by platforms.

    Returns
    -------
    list of Receipt
        One per persona, by persona_id. Beside others, an audience below the minimum size is
        suppressed and its receipt says so.

    Raises
    ------
    DataError
        If a table breaks its contract.
    NotFoundError
        If the assignments or the persona do not exist.
    UnsafeExportError
        If consents are needed and absent, or if no audience reaches the minimum size.
    ConfigError
        If a file stands where a folder has to be.
    """
    table = _read_assignments(assignments)
    _check_sources(destination, identifiers, consents)
    run = _Run(table, destination, request, identifiers=identifiers, consents=consents)
    target = request.folder / destination.name
    with nullcontext() if request.dry_run else workspace_in(target) as workspace:
        receipts = [run.build(persona_id, workspace) for persona_id in run.chosen_personas()]
        if not any(receipt.n_users for receipt in receipts):
            raise UnsafeExportError(_too_small(receipts))
        if workspace is not None:
            publish(workspace, target, [receipt.folder for receipt in receipts])
    return receipts


class _Run:
    """One call of :func:`export_audience`: its tables and rules."""

    def __init__(
        self,
        table: pa.Table,
        destination: Destination,
        request: ExportRequest,
        *,
        identifiers: pd.DataFrame | None,
        consents: pd.DataFrame | None,
    ) -> None:
        self.table = table
        self.destination = destination
        self.request = request
        self.minimum = minimum_size_for(destination, request.minimum_size)
        self.consents = consents
        self.outside = leaves_company(destination)
        self.as_of: date = table["as_of"][0].as_py()
        self.model_version: str = table["model_version"][0].as_py()
        self.identifiers: pd.DataFrame | None = None
        self.refused: pd.DataFrame | None = None
        if self.outside and identifiers is not None and consents is not None:
            columns = [column for column in destination.identifiers if column in identifiers]
            self.identifiers = identifiers.set_index("user_id")[columns]
            refusing = self.identifiers.index.isin(refusing_users(consents))
            self.refused = self.identifiers.loc[refusing]

    def chosen_personas(self) -> list[str]:
        """Return the ids of the personas that are asked for."""
        pairs = self.table.select(["persona_id", "persona_name"]).group_by(["persona_id", "persona_name"])
        names = {row["persona_id"]: row["persona_name"] for row in pairs.aggregate([]).to_pylist()}
        if self.request.persona_id is None:
            return sorted(names)
        for persona_id, name in sorted(names.items()):
            if self.request.persona_id in (persona_id, name):
                return [persona_id]
        known = ", ".join(f"{persona_id} ({name})" for persona_id, name in sorted(names.items()))
        raise NotFoundError(
            f"No user is assigned to the persona {self.request.persona_id!r}; the assignments hold {known}."
        )

    def build(self, persona_id: str, workspace: Path | None) -> Receipt:
        """Write one audience into the workspace (None = dry run) and return its receipt."""
        code = audience_code(persona_id, self.as_of)
        candidates = self._candidates(persona_id)
        reasons = self._reasons(candidates)
        members = candidates.loc[reasons == ""].reset_index(drop=True)
        if self.identifiers is not None:
            found = self.identifiers.reindex(members["user_id"]).reset_index(drop=True)
            members = pd.concat([members, found], axis=1)
        audience = Audience(persona_id, code, members, self.as_of, self.refused, self.request.language)
        folder = None if workspace is None else workspace / code
        if folder is not None:
            folder.mkdir()
        written = self.destination.write(audience, folder)
        suppressed = Counter(reasons[reasons != ""].to_list()) + Counter(written.suppressed)
        scene = self.request.scene
        warnings = written.warnings + (scene.warnings if scene else ())
        if not self.outside and self.consents is None:
            warnings += (
                "No consents were given, so nobody's opt-out could be checked; add sources.consents to the config.",
            )
        receipt = Receipt(
            destination=self.destination.name,
            persona_id=persona_id,
            code=code,
            model_version=self.model_version,
            as_of=self.as_of,
            n_candidates=len(candidates),
            suppressed=dict(sorted(suppressed.items())),
            rejected=written.rejected,
            n_users=written.n_users,
            n_identifiers=written.n_identifiers,
            identifiers=written.identifiers,
            hash_algorithm=written.hash_algorithm,
            minimum_size=self.minimum,
            min_confidence=self.request.min_confidence,
            files={path.name: sha256_of(path) for path in sorted(written.paths)},
            dry_run=self.request.dry_run,
            warnings=warnings,
            scene=scene.scene_id if scene else "",
        )
        if written.n_users < self.minimum:
            for path in written.paths:
                path.unlink()
            receipt = _withhold(receipt)
        return receipt if folder is None else file_receipt(receipt, folder)

    def _candidates(self, persona_id: str) -> pd.DataFrame:
        """Return the assignment rows of a persona, by user_id."""
        rows = self.table.filter(pc.equal(self.table["persona_id"].cast(pa.string()), persona_id))
        if self.request.scene is not None:
            rows = rows.filter(pc.is_in(rows["user_id"], value_set=self.request.scene.user_ids))
        plain = pa.schema([(f.name, _plain(f.type)) for f in ASSIGNMENT_SCHEMA])
        frame: pd.DataFrame = rows.cast(plain).sort_by("user_id").to_pandas()
        return frame

    def _reasons(self, candidates: pd.DataFrame) -> pd.Series[str]:
        """Return, per candidate, why the user is left out, or an empty text."""
        reasons = consent_reasons(candidates["user_id"], self.consents, outside=self.outside)
        # A confidence that is unknown is not enough.
        is_unsure = ~(candidates["confidence"] >= self.request.min_confidence)
        reasons = reasons.mask(is_unsure, "below_min_confidence")
        if self.outside:
            reasons = reasons.mask(candidates["status"] == "out_of_distribution", "out_of_distribution")
        return reasons


def _plain(kind: pa.DataType) -> pa.DataType:
    """Return the value type of a dictionary type, and any other type as it is."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _read_assignments(assignments: pa.Table | Path) -> pa.Table:
    """Return assignments that keep their contract."""
    if isinstance(assignments, Path):
        if not assignments.exists():
            raise NotFoundError(
                f"The assignments {assignments} do not exist; score the users first or give the right path."
            )
        assignments = pq.read_table(assignments)
    missing = [name for name in ASSIGNMENT_SCHEMA.names if name not in assignments.column_names]
    if missing:
        raise DataError(
            f"The assignments lack the columns {', '.join(missing)}; they have "
            f"{', '.join(assignments.column_names)}. Give the table that scoring wrote."
        )
    nulls = [f.name for f in ASSIGNMENT_SCHEMA if not f.nullable and assignments[f.name].null_count]
    if nulls:
        raise DataError(
            f"The assignments have empty values in {', '.join(nulls)}; every user needs them. Score again."
        )
    try:
        table = assignments.select(ASSIGNMENT_SCHEMA.names).cast(ASSIGNMENT_SCHEMA)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
        raise DataError(
            "The assignments have other column types than scoring writes; score the users again."
        ) from error
    if not table.num_rows:
        raise DataError("The assignments hold no users; score a table that has some.")
    n_repeated = table.num_rows - pc.count_distinct(table["user_id"]).as_py()
    if n_repeated:
        raise DataError(
            f"The assignments hold {n_repeated} rows of users who already have one; expected one row per user. "
            "Export one scoring run at a time."
        )
    for name in ("as_of", "model_version"):
        n_values = len(pc.unique(table[name].cast(_plain(ASSIGNMENT_SCHEMA.field(name).type))))
        if n_values > 1:
            raise DataError(
                f"The assignments mix {n_values} values of {name}; expected one. Export one scoring run at a time."
            )
    return table


def _check_sources(
    destination: Destination, identifiers: pd.DataFrame | None, consents: pd.DataFrame | None
) -> None:
    """Raise when a destination lacks the tables that it cannot do without."""
    if not leaves_company(destination):
        return
    wanted = ", ".join(destination.identifiers)
    if identifiers is None:
        raise DataError(
            f"{destination.name} needs identifiers ({wanted}) and none were given; add sources.identifiers "
            "to the config, or export to file."
        )
    if consents is None:
        raise UnsafeExportError(
            f"{destination.name} hands users to another company, which needs their recorded consent "
            "(consent_share_3p and consent_marketing), and no consents were given; add sources.consents "
            "to the config, or export to file."
        )
    check_user_table(identifiers, "identifiers", ())
    if not any(column in identifiers for column in destination.identifiers):
        raise DataError(
            f"The identifiers have none of the columns that {destination.name} can use ({wanted}); "
            "map at least one of them in sources.identifiers."
        )


def _withhold(receipt: Receipt) -> Receipt:
    """Return the receipt of an audience that is too small to be written."""
    refused = {"below_minimum_size": receipt.n_users}
    warning = (
        f"{receipt.n_users} users are left of {receipt.n_candidates}, fewer than the {receipt.minimum_size} that "
        f"{receipt.destination} needs here; the audience was not written."
    )
    if not receipt.n_candidates and receipt.scene:
        refused = {}
        warning = f"Refused: nobody of {receipt.persona_id} has the scene {receipt.scene} as main scene."
    return replace(
        receipt,
        suppressed={**receipt.suppressed, **refused},
        n_users=0,
        n_identifiers=0,
        identifiers=(),
        files={},
        warnings=(warning,),
    )


def _too_small(receipts: list[Receipt]) -> str:
    """Say why no audience could be written."""
    lines = []
    for receipt in receipts:
        left = receipt.suppressed.get("below_minimum_size", 0)
        others = {k: n for k, n in receipt.suppressed.items() if k != "below_minimum_size"}
        why = ", ".join(f"{reason} {n}" for reason, n in others.items()) or "nobody was left out"
        lines.append(f"{receipt.persona_id} keeps {left} of {receipt.n_candidates} users ({why})")
    first = receipts[0]
    return (
        f"No audience for {first.destination} reaches the minimum of {first.minimum_size} users: "
        f"{'; '.join(lines)}. Collect the missing consent or identifiers, lower min_confidence, or train "
        "fewer personas."
    )


__all__ = ["RECEIPT_FILE", "ExportRequest", "ScenePeople", "export_audience"]
