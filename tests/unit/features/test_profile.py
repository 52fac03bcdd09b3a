import pytest

from personas.features.profile import profile_features
from personas.schema import Attribute, Text


def test_an_attribute_keeps_its_kind_block_unit_and_levels():
    power = Attribute(
        "purchasing_power", "ordinal", "worth", "", ("蓝领", "小白领"), Text("购买力", "purchasing power")
    )
    feature = profile_features([power])[-1]
    assert (feature.kind, feature.block, feature.levels) == ("ordinal", "worth", ("蓝领", "小白领"))
    assert feature.label == power.label


def test_an_attribute_without_label_is_called_by_its_name():
    assert profile_features([Attribute("pets", "count")])[-1].label == Text("pets", "pets")


@pytest.mark.parametrize("feature", profile_features(), ids=lambda f: f.name)
def test_canonical_columns_have_labels_and_a_meaning_of_null(feature):
    assert feature.label.zh != feature.name
    assert feature.null_meaning == "not stated"
    assert feature.block == "who"
