from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from personas.errors import ConfigError, DataError
from personas.features import FeatureSpec, propose_features
from personas.schema import Attribute, ObservationWindow, Text

YEAR = ObservationWindow(date(2026, 1, 1), 365)


def order(user_id, category, day=1):
    return {
        "user_id": user_id,
        "event_at": datetime(2025, 6, day),
        "event_type": "order",
        "category": category,
        "amount": Decimal(day),
        "order_id": f"{user_id}{category}{day}",
    }


@pytest.fixture
def shop(make_source):
    """Ten users: all buy water, four buy tea and four buy figs, one buys oil; nobody buys elsewhere."""
    users = [
        {
            "user_id": f"u{i}",
            "age": 20.0 + i,
            "age_band": ["21-25", "71+", "16-20"][i % 3],
            "gender": ["female", "male"][i % 2],
            "marital_status": "married",
            "education": ["bachelor", "college", "primary"][i % 3],
            "city_tier": ["T2", "T1"][i % 2],
            "target_group": ["都市Z世代", "小镇家庭"][i % 2],
            "pets": float(i % 3),
            "colour": ["red", "blue"][i % 2],
            "town": f"town {i}",
        }
        for i in range(10)
    ]
    events = [order(f"u{i}", "water", 1 + i) for i in range(10)]
    events += [order(f"u{i}", name, 20) for i in range(4) for name in ("tea", "figs")]
    events += [order("u9", "oil", 21), order("stranger", "oil", 21)]
    further = (pa.field("pets", pa.float64()), pa.field("colour", pa.string()), pa.field("town", pa.string()))
    return make_source(users, events, further)


def test_roles_levels_and_blocks_follow_the_data(shop):
    attributes = [Attribute("pets", "count", "who", "pets"), Attribute("colour", "nominal")]
    features = propose_features(shop, YEAR, attributes=attributes)
    assert features.inputs.names == [
        "age",
        "education",
        "city_tier",
        "target_group",
        "pets",
        "colour",
        "order_count:figs",
        "order_count:tea",
        "order_count:oil",
    ]
    assert features["education"].levels == ("primary", "college", "bachelor")
    assert features["city_tier"].levels == ("T1", "T2")
    assert features["target_group"].levels == ("小镇家庭", "都市Z世代")
    assert features["colour"].levels == ("blue", "red")
    assert features["age_band"].levels == ("16-20", "21-25", "71+")
    assert [features[n].role for n in ("order_count", "revenue", "recency_days")] == ["signal"] * 3
    assert features["average_order_value"].role == "profile"
    assert features["gender"].protected
    assert features["gender"].role == "profile"
    assert "revenue_share:tea" not in features.names
    assert features["last_category"].levels == ("water", "figs", "oil")


def test_empty_and_constant_columns_are_left_out_with_the_reason(shop):
    features = propose_features(shop, YEAR)
    assert not {"marital_status", "membership_value", "membership_level"} & set(features.names)
    assert any("marital_status" in w and "same" in w for w in features.warnings)
    assert any("membership_value" in w and "no user has a value" in w for w in features.warnings)


def test_categories_need_enough_buyers_and_not_everybody(shop):
    spec = FeatureSpec(min_category_share=0.2)
    names = propose_features(shop, YEAR, spec).names
    assert [n for n in names if n.startswith("order_count:")] == ["order_count:figs", "order_count:tea"]
    most = propose_features(shop, YEAR, FeatureSpec(max_categories=1))
    assert [n for n in most.described.names if n.startswith("order_count:")] == ["order_count:figs"]


def test_shares_are_read_where_the_median_buyer_orders_often(shop, make_source):
    """Ten days of water and of tea are 20 orders, nine are 18; one buyer of five has half of that."""

    def proposed(n_days):
        users = [{"user_id": f"u{i}", "age": 20.0 + i} for i in range(5)]
        events = [
            order(f"u{i}", c, 1 + day) for i in range(5) for c in ("water", "tea") for day in range(n_days)
        ]
        events = [e for e in events if (e["user_id"], e["category"]) != ("u0", "tea")]
        return propose_features(make_source(users, events), YEAR, FeatureSpec(categories=("tea",)))

    assert "revenue_share:tea" not in proposed(9).names
    often = proposed(10)
    shares = [f for f in often if f.name.startswith("revenue_share:")]
    assert [f.name for f in shares] == ["revenue_share:tea"]
    assert all(f.role == "signal" and not f.described for f in shares)
    assert "revenue_share:tea" not in propose_features(shop, YEAR).names


def test_further_categories_are_signals_that_no_card_tells_of(shop):
    features = propose_features(shop, YEAR, FeatureSpec(max_categories=1, exclude=("order_count:oil",)))
    assert features["order_count:tea"].role == "signal"
    assert not features["order_count:tea"].described
    assert "order_count:oil" not in features.names
    assert "order_count:tea" in features.signals.names
    assert "order_count:tea" not in features.inputs.names
    chosen = propose_features(shop, YEAR, FeatureSpec(inputs=("age",), max_categories=1))
    assert all(f.role != "signal" for f in chosen)
    assert not any(
        n == "order_count:tea" for n in propose_features(shop, YEAR, FeatureSpec(max_categories=0)).names
    )


def test_named_categories_are_taken_as_they_stand_and_labelled(shop):
    spec = FeatureSpec(categories=("tea", "salt"))
    features = propose_features(shop, YEAR, spec, category_labels={"tea": Text("茶", "tea")})
    assert features["order_count:tea"].label == Text("茶购买次数", "tea: orders")
    assert "order_count:salt" not in features.names
    assert any("order_count:salt" in warning for warning in features.warnings)


def test_age_band_is_the_input_when_ages_are_not_known(make_source):
    users = [
        {"user_id": "a", "age_band": "16-20"},
        {"user_id": "b", "age_band": "71+", "age": 75.0},
        {"user_id": "c", "age_band": "71+", "age": 80.0},
    ]
    features = propose_features(make_source(users), YEAR)
    assert features.inputs.names == ["age_band"]
    assert features["age"].role == "profile"


def test_protecting_age_protects_the_age_band(shop):
    features = propose_features(shop, YEAR, FeatureSpec(protected=("age",)))
    assert [f.name for f in features if f.protected] == ["age", "age_band"]
    assert not {"age", "age_band"} & set(features.inputs.names)


def test_inputs_and_measures_can_be_chosen(shop):
    spec = FeatureSpec(
        inputs=("city_tier", "recency_days", "category_breadth"),
        category_measures=("share",),
        exclude=("revenue",),
    )
    features = propose_features(shop, YEAR, spec)
    assert features.inputs.names == [
        "city_tier",
        "recency_days",
        "revenue_share:figs",
        "revenue_share:tea",
        "revenue_share:oil",
        "category_breadth",
    ]
    assert "revenue" not in features.names


def test_a_text_with_too_many_levels_is_left_out(make_source):
    users = [{"user_id": f"u{i}", "town": f"town {i}"} for i in range(60)]
    source = make_source(users, (), (pa.field("town", pa.string()),))
    features = propose_features(source, YEAR, attributes=[Attribute("town", "nominal")])
    assert "town" not in features.names
    assert any("town" in w and "more than 50 levels" in w for w in features.warnings)
    assert not any("town 1" in w for w in features.warnings)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_categories": -1}, "max_categories is -1"),
        ({"min_category_share": 1.5}, "from 0 to 1"),
        ({"category_measures": ("counts",)}, "choose among count"),
        ({"inputs": ("gender",)}, "both an input and protected"),
        ({"inputs": ("age_band",), "protected": ("age",)}, "both an input and protected"),
    ],
)
def test_an_impossible_spec_is_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        FeatureSpec(**options)


def test_a_misspelt_feature_is_refused_with_the_known_names(shop):
    with pytest.raises(ConfigError, match=r"No feature is called genderr; expected one of age, "):
        propose_features(shop, YEAR, FeatureSpec(protected=("genderr",)))


def test_an_attribute_may_not_take_the_name_of_a_feature(shop):
    with pytest.raises(ConfigError, match="Two features are called revenue"):
        propose_features(shop, YEAR, attributes=[Attribute("revenue", "numeric")])


def test_no_users_is_a_data_error(make_source):
    with pytest.raises(DataError, match="users is empty"):
        propose_features(make_source([]), YEAR)
