"""One world for all tests of the room."""

from __future__ import annotations

import pytest

from personas.datasets import World, make_home_appliances


@pytest.fixture(scope="session")
def world() -> World:
    return make_home_appliances(8000, random_state=0)
