"""From source files to checked canonical tables in an engine: the first half of every job."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from personas.config import SourceSpec
from personas.datasets import load_dataset
from personas.engine import Engine, Source, open_engine
from personas.errors import ConfigError, DataError, NotFoundError, PersonasError
from personas.features import FeatureSet, FeatureSpec, propose_features
from personas.model.guide import users_where
from personas.schema import Attribute, ObservationWindow, SourceMapping
from personas.schema.admit import admit_users
from personas.schema.check import CheckedTable, check_table, enforce_quarantine_share, user_ids
from personas.schema.tables import CATEGORY_TABLES, TABLES, limit_amount
from personas.schema.user_tables import join_user_table
from pipelines.config_file import LoadedConfig
from pipelines.console import Steps
from pipelines.user_tables import artifact_source
from pipelines.work_folder import replaced, run_folder

_NO_EVENTS = pa.schema(
    [
        *(
            (name, pa.string())
            for name in ("user_id", "event_type", "category", "order_id", "item_id", "brand")
        ),
        ("event_at", pa.timestamp("us")),
        ("amount", pa.decimal128(18, 2)),
        ("quantity", pa.int64()),
    ]
).empty_table()


@dataclass(frozen=True)
class Prepared:
    """Checked tables of one use case, ready for features.

    Parameters
    ----------
    engine : Engine
        Holds ``users`` (admitted only), ``events`` and, where configured, ``identifiers`` and
        ``consents``; ``items``, ``tags`` and ``market`` where they were asked for, too.
    window : ObservationWindow
        What features may look at.
    contract : dict
        JSON-ready contract report.
    quarantine : Path
        File with one line per row fault.
    scratch : Path
        Folder for files of this run; deleted when the run ends.
    """

    engine: Engine
    window: ObservationWindow
    contract: dict[str, Any]
    quarantine: Path
    scratch: Path


@contextmanager
def prepared_tables(
    loaded: LoadedConfig,
    as_of: date,
    steps: Steps,
    *,
    tables: Collection[str] = tuple(TABLES),
    artifacts: bool = True,
) -> Iterator[Prepared]:
    """Read, check and admit the source tables of a config.

    Parameters
    ----------
    loaded : LoadedConfig
        The use case.
    as_of : date
        First day that features do not see.
    steps : Steps
        Progress display.
    tables : collection of str
        Source tables to read, where configured; by default those that personas are made of.
    artifacts : bool
        Whether users get the attributes that another verb made of them; that verb itself can't wait for them.

    Yields
    ------
    Prepared
        Valid until the block ends; the engine's scratch files are deleted then.
    """
    config = loaded.config
    with run_folder(loaded.store_path) as scratch, open_engine(work_dir=scratch) as engine:
        checked: dict[str, CheckedTable] = {}
        for name in tables:
            if getattr(config.sources, name) is not None:
                with steps.step(f"read and check {name}"):
                    checked[name] = read_checked(loaded, engine, name, as_of, artifacts=artifacts)
        if "events" not in checked:
            engine.store("events", engine.read(Source(table=_NO_EVENTS)).table)
        quarantine = _write_quarantine(loaded, checked, as_of)
        for table in checked.values():
            enforce_quarantine_share(table.report, max_share=config.contract.max_quarantine_share)
        users, admission = admit_users(
            engine.table("users"),
            engine.table("consents") if "consents" in checked else None,
            require_consent=config.contract.require_consent,
        )
        users, admission = users_where(users, config.personas.where, admission)
        engine.store("users", users)
        contract = {
            "tables": [table.report.to_dict() for table in checked.values()],
            "admission": admission.to_dict(),
            "warnings": [],
        }
        window = ObservationWindow(as_of, config.features.lookback_days)
        yield Prepared(engine, window, contract, quarantine, scratch)


def read_checked(
    loaded: LoadedConfig, engine: Engine, name: str, as_of: date, *, artifacts: bool = True
) -> CheckedTable:
    """Read one source, check it against its contract, and store the valid rows under its name."""
    spec: SourceSpec = getattr(loaded.config.sources, name)
    try:
        return _read_checked(loaded, engine, name, as_of, artifacts)
    except PersonasError:
        raise
    except Exception:
        if spec.path is not None and _is_damaged(loaded.resolve(spec.path)):
            raise DataError(
                f"{Path(spec.path).name}: this Parquet file is damaged in the middle, though its footer is whole; "
                "copy or export it again."
            ) from None
        raise


def _read_checked(
    loaded: LoadedConfig, engine: Engine, name: str, as_of: date, artifacts: bool
) -> CheckedTable:
    config = loaded.config
    spec: SourceSpec = getattr(config.sources, name)
    raw = engine.read(_source(loaded, spec))
    table, mapping = raw.table, spec.to_mapping()
    attributes: tuple[Attribute, ...] = ()
    if name == "users":
        engine.store("known_users", user_ids(table, mapping))
        table, mapping = _with_user_tables(loaded, engine, table, as_of, artifacts)
        attributes = _held_attributes(loaded, mapping, table.columns, artifacts)
    schema = {**TABLES, **CATEGORY_TABLES}[name]
    checked = check_table(
        table,
        limit_amount(schema, config.contract.max_amount) if name == "events" else schema,
        mapping=mapping,
        as_of=as_of,
        attributes=attributes,
        file=raw.file if spec.dataset is None else spec.dataset,
        time_zone=config.contract.time_zone,
        known_users=engine.table("known_users") if name == "events" else None,
    )
    engine.store(name, checked.valid)
    return checked


def _with_user_tables(
    loaded: LoadedConfig, engine: Engine, users: ir.Table, as_of: date, artifacts: bool
) -> tuple[ir.Table, SourceMapping]:
    """Join the further tables of users to them."""
    mapping = loaded.config.sources.users.to_mapping()
    for name, spec in loaded.config.sources.user_tables.items():
        if spec.artifact is None:
            source = _source(loaded, spec)
        elif artifacts:
            source = artifact_source(loaded, name, spec, as_of)
        else:
            continue
        users, mapping = join_user_table(
            users,
            engine.read(source).table,
            tuple(loaded.config.attributes),
            name=f"sources.user_tables.{name}",
            mappings=(mapping, spec.to_mapping()),
        )
    return users, mapping


def proposed_features(loaded: LoadedConfig, prepared: Prepared) -> FeatureSet:
    """Return the feature set that the config and the data ask for."""
    spec = loaded.config.features
    # The category verbs look at users without the attributes that one of them makes.
    held = prepared.engine.table("users").columns
    return propose_features(
        prepared.engine,
        prepared.window,
        FeatureSpec(
            categories=None if spec.categories is None else tuple(spec.categories),
            max_categories=spec.max_categories,
            min_category_share=spec.min_category_share,
            category_measures=tuple(spec.category_measures),
            inputs=None if spec.inputs is None else tuple(spec.inputs),
            protected=tuple(spec.protected),
            exclude=tuple(spec.exclude),
        ),
        attributes=tuple(a for a in loaded.config.attribute_nouns if a.name in held),
        category_labels={name: text.to_text() for name, text in loaded.config.labels.categories.items()},
    )


def _is_damaged(path: Path) -> bool:
    """Return whether a file ends like Parquet, but can't be read through."""
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError):
        return False  # no Parquet at all
    try:
        for _ in file.iter_batches():
            pass
    except (pa.ArrowException, OSError, EOFError):
        return True
    return False


def _held_attributes(
    loaded: LoadedConfig, mapping: SourceMapping, columns: Collection[str], artifacts: bool
) -> tuple[Attribute, ...]:
    """Return the declared attributes; stop when one would be missing for everybody."""
    known = {*columns, *mapping.columns, *mapping.constants}
    absent = [name for name in loaded.config.attributes if name not in known]
    waits = any(spec.artifact for spec in loaded.config.sources.user_tables.values()) and not artifacts
    if absent and not waits:
        raise ConfigError(
            f"{loaded.path.name}: attributes declares {', '.join(absent)}, but the users have no such column and "
            "sources.users.columns maps none to it; map it, or remove it."
        )
    return tuple(a for a in loaded.config.attribute_nouns if a.name not in absent)


def _source(loaded: LoadedConfig, spec: SourceSpec) -> Source:
    if spec.dataset is not None:
        dataset, _, name = spec.dataset.partition(".")
        tables = load_dataset(dataset)
        if name not in tables:
            raise NotFoundError(
                f"The data set {dataset!r} has no table {name!r}; expected one of {', '.join(sorted(tables))}."
            )
        return Source(table=tables[name])
    if spec.path is not None:
        return Source(
            path=loaded.resolve(spec.path),
            format=spec.format,
            encoding=spec.encoding,
            delimiter=spec.delimiter,
            sheet=spec.sheet,
        )
    return Source(connection=loaded.connection_url(spec), table_name=spec.table)


def _write_quarantine(loaded: LoadedConfig, checked: dict[str, CheckedTable], as_of: date) -> Path:
    """Write one line per row fault: file, row, column, reason; no values, as they may be personal."""
    path = loaded.store_path / "quarantine" / f"{loaded.config.name}-{as_of.isoformat()}.csv"
    with replaced(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["table", "file", "row", "column", "reason"])
        for name, table in checked.items():
            if table.report.n_quarantined:
                faults = table.faults.order_by("row", "column", "reason").to_pyarrow().to_pylist()
                writer.writerows([name, f["file"], f["row"], f["column"], f["reason"]] for f in faults)
    return path
