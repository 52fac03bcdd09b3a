from datetime import date

from personas.model.sketch import Sketch
from personas.monitor import Reference, last_season

AS_OF = date(2026, 6, 1)


def of(day, version="v1"):
    return Reference("last_season", Sketch(day, (), (), (), ()), version)


def test_the_models_own_sketch_comes_before_a_nearer_one():
    own, nearer = of(date(2025, 5, 20)), of(date(2025, 6, 1), "v0")
    assert last_season([nearer, own], AS_OF, model_version="v1", window_days=31) is own
    assert last_season([nearer], AS_OF, model_version="v1", window_days=31) is nearer


def test_nothing_within_the_window():
    assert last_season([of(date(2025, 4, 30))], AS_OF, model_version="v1", window_days=31) is None
    assert last_season([], AS_OF, model_version="v1", window_days=400) is None


def test_the_order_of_candidates_does_not_matter():
    candidates = [of(date(2025, 5, 30), "v2"), of(date(2025, 6, 3), "v0")]
    first = last_season(candidates, AS_OF, model_version="v1", window_days=31)
    again = last_season(candidates[::-1], AS_OF, model_version="v1", window_days=31)
    assert first is again is candidates[0]
