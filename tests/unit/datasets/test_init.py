"""The room offers what it says, without loading anything heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

import personas.datasets


def test_every_offered_name_can_be_had():
    assert all(getattr(personas.datasets, name) is not None for name in personas.datasets.__all__)
    assert personas.datasets.__all__ == sorted(personas.datasets.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nonsense"):
        personas.datasets.nonsense  # noqa: B018


def test_importing_the_room_loads_no_pandas():
    code = "import sys, personas.datasets; sys.exit('pandas' in sys.modules or 'pyarrow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
