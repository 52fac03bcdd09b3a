from personas.features import Feature
from personas.model.sketch import Bins
from personas.monitor.cells import cell_name, shown_share


def feature(kind):
    return Feature("x", kind, "who", "", "", "profile", "value")


def names(kind, bins):
    return [cell_name(feature(kind), bins, k).en for k in range(bins.n_bins)]


def test_cells_in_words():
    assert names("numeric", Bins("x", edges=(18.5, 30.0))) == ["under 18.5", "18.5 to under 30", "30 or more"]
    assert names("numeric", Bins("x", edges=(5e-324,))) == ["0", "more than 0"]
    assert names("count", Bins("x", edges=(1.0, 2.0, 4.0))) == ["0", "1", "2–3", "4 or more"]
    assert names("binary", Bins("x", edges=(1.0,))) == ["no", "yes"]
    assert names("numeric", Bins("x")) == names("count", Bins("x")) == ["any value"]


def test_small_cells_are_not_shown():
    assert shown_share(19, 1000) is None
    assert shown_share(20, 1000) == 0.02
    assert shown_share(0, 1000) == shown_share(0, 0) == 0.0
