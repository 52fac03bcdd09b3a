from collections.abc import Iterator
from pathlib import Path

import pytest

from personas.engine import Engine, open_engine


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_engine(work_dir=tmp_path / "work", memory_limit="1GB", threads=2) as opened:
        yield opened
