from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from personas.engine import Engine, Source, open_engine
from personas.schema import CheckedTable, SourceMapping, TableSchema, check_table

AS_OF = date(2025, 1, 1)

Check = Callable[..., CheckedTable]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_engine(work_dir=tmp_path / "work", memory_limit="1GB", threads=2) as opened:
        yield opened


@pytest.fixture
def check(engine: Engine) -> Check:
    """Check columns given in memory, or a source, against a contract."""

    def run(data: dict[str, Any] | Source, schema: TableSchema, **options: Any) -> CheckedTable:
        source = data if isinstance(data, Source) else Source(table=pa.table(data))
        raw = engine.read(source)
        options = {"mapping": SourceMapping(), "as_of": AS_OF, "file": raw.file} | options
        return check_table(raw.table, schema, **options)

    return run


def faults_of(checked: CheckedTable) -> list[tuple[int, str, str]]:
    rows = checked.faults.order_by("row", "column", "reason").to_pyarrow().to_pylist()
    return [(row["row"], row["column"], row["reason"]) for row in rows]


def values_of(checked: CheckedTable, column: str) -> list[Any]:
    table = checked.valid.order_by(checked.valid.columns).to_pyarrow()
    return table.column(column).to_pylist()
