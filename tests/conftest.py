"""What every test shares."""

import os

from hypothesis import settings

# The same examples in every run: a red build is one that its change made red. Search further by hand with
# `pytest --hypothesis-profile=default`.
settings.register_profile("same", derandomize=True, deadline=None)
settings.load_profile("same")

# pytest-xdist has a process on every core already; refits in yet more processes would only wait for a core.
# Tests of the parallel path ask for it.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("LOKY_MAX_CPU_COUNT", "1")
