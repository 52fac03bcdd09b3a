"""What every test shares."""

from hypothesis import settings

# The same examples in every run: a red build is one that its change made red. Search further by hand with
# `pytest --hypothesis-profile=default`.
settings.register_profile("same", derandomize=True, deadline=None)
settings.load_profile("same")
