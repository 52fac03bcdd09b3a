import subprocess
import sys

import personas

HEAVY = ("pandas", "numpy", "sklearn", "numba", "ibis", "duckdb", "altair", "umap", "hdbscan", "pyarrow")


def test_every_public_name_exists():
    for name in personas.__all__:
        assert getattr(personas, name) is not None


def test_importing_the_package_loads_nothing_heavy():
    code = f"import sys, personas; print([m for m in {HEAVY!r} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
