from dataclasses import replace

from personas.features import Feature, FeatureSet
from personas.features.category_history import HISTORY_FEATURES
from personas.model.base import Trait
from personas.model.sketch import Bins, FeatureSketch
from personas.monitor.cells import cell_name, common_cells, level_names, shown_share
from personas.schema import Text


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


def _trait(name, level, label):
    nothing = (None,) * 7
    return Trait(name, level, label, label, "what", False, *nothing)


def test_levels_are_called_what_the_cards_call_them(model):
    last = replace(
        next(f for f in HISTORY_FEATURES if f.name == "last_category"), levels=("扫地机", "洗碗机")
    )
    plan = replace(feature("nominal"), name="plan", label=Text("套餐", "plan"), levels=("g",))
    traits = (
        _trait("last_category", "扫地机", Text("最近购买品类：扫地机", "Last category: robot vacuum")),
        _trait("plan", "g", Text("套餐：黄金", "Plan: gold")),
    )
    told = replace(
        model,
        feature_set=FeatureSet((*model.feature_set, last, plan)),
        personas=(replace(model.personas[0], traits=traits), *model.personas[1:]),
    )
    named = level_names(told)
    assert named == {
        "last_category": {"扫地机": Text("扫地机", "robot vacuum")},
        "plan": {"g": Text("黄金", "gold")},
    }
    one = FeatureSketch(Bins("last_category", levels=("扫地机", "洗碗机")), (40, 60, 0, 0))
    other = FeatureSketch(Bins("last_category", levels=("扫地机",)), (40, 60, 0))
    for now in (one, other):
        pair = common_cells(last, one, now, named["last_category"])
        assert pair.cells[0] == Text("扫地机", "robot vacuum")
    assert (
        common_cells(last, one, one, named["last_category"]).cells[1].en == "洗碗机"
    )  # no trait tells of it
