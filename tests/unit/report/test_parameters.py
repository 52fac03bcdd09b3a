from __future__ import annotations

from dataclasses import replace

from personas.features import FeatureSet
from personas.report.figures import Figures
from personas.report.parameters import parameter_view


def test_parameters_are_named_in_words_and_speak_of_features_by_name(judged):
    view = parameter_view(judged, Figures("zh-CN"))

    assert view.rows == (
        ("未用于聚类的特征", "城市线级"),
        ("随机种子", "0"),
        ("取对数或平方根的特征", "京享值"),
    )
    assert view.weights == (("手机购买次数", "1.00"), ("年龄", "0.10"))
    assert view.n_further == 0


def test_weights_of_features_that_are_not_described_are_counted(judged):
    phones = replace(judged.feature_set["order_count:手机"], described=False)
    others = tuple(f for f in judged.feature_set if f.name != phones.name)
    view = parameter_view(replace(judged, feature_set=FeatureSet((*others, phones))), Figures("en"))

    assert (view.weights, view.n_further) == ((("age", "0.10"),), 1)


def test_a_long_list_of_features_is_folded_with_their_number(model):
    long = replace(model, clusterer_params={"left_out": [f"f{i}" for i in range(140)], "tol": 1.0})
    view = parameter_view(long, Figures("en"))

    assert [title for title, _ in view.rows] == ["convergence tolerance"]
    assert [(title, said[:6]) for title, said in view.folded] == [
        ("features left out of the clustering (140)", "f0, f1")
    ]


def test_unknown_parameters_keep_their_technical_name(model):
    odd = replace(model, clusterer_params={"tol": 1e-6, "zz_top": 3})

    assert parameter_view(odd, Figures("en")).rows == (("convergence tolerance", "0.00"), ("zz_top", "3"))


def test_what_a_foresight_was_learned_from_is_said_in_words(model):
    told = replace(model, clusterer_params={"foretold_by": "own_counts"})

    assert parameter_view(told, Figures("en")).rows == (
        ("foresight learned from", "users' own counts (what they bought next is not known)"),
    )
    assert parameter_view(told, Figures("zh-CN")).rows[0][0] == "预判的依据"
