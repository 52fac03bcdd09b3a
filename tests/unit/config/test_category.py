"""The section ``category`` of a config."""

import pytest
import yaml

from personas.config import parse_config, parse_scenes
from personas.errors import ConfigError
from pipelines.config_file import shipped_configs


def config(**category):
    """Parse a least config with a category section."""
    sources = {"users": {"path": "users.csv"}}
    return parse_config({"name": "shop", "sources": sources, "category": category}, "shop.yaml").category


def test_every_choice_has_a_default():
    found = config()
    assert (found.attach.unit, found.attach.direction, found.attach.within_days, found.attach.base) == (
        "user",
        "any",
        None,
        "all",
    )
    assert found.ladders == ["aipl"]
    assert found.period == "auto"


@pytest.mark.parametrize(
    ("category", "message"),
    [
        ({"atach": {}}, "category.atach: unknown key; did you mean 'attach'?"),
        ({"attach": {"unit": "basket"}}, "Input should be 'user' or 'order' (found 'basket')"),
        ({"max_categories": 1}, "greater than or equal to 2"),
        ({"ladders": []}, "at least 1 item"),
        (
            {"opportunity": {"segments": {"w": {"label": {"zh": "女", "en": "women"}}}}},
            "give exactly one of attribute and tag",
        ),
        (
            {"opportunity": {"segments": {"w": {"label": {"zh": "女", "en": "w"}, "attribute": "gender"}}}},
            "a segment of an attribute needs values",
        ),
        ({"opportunity": {"lookalike": {"segment": "w"}}}, "'w', which segments lacks"),
        ({"opportunity": {"bundles": {"sizes": [5]}}}, "less than or equal to 4"),
        ({"opportunity": {"widening": {"tags": []}}}, "at least 1 item"),
        ({"rows": []}, "at least 1 item"),
        ({"columns": ["a", "b", " a"]}, "columns names 'a' twice"),
        ({"ladders": ["aipl", "aipl"]}, "ladders names 'aipl' twice"),
        ({"groups": {"large": ["a", "b"], "small": ["b"]}}, "groups names 'b' twice"),
        ({"groups": {"large": []}}, "at least 1 item"),
        ({"group_labels": {"large": {"zh": "大", "en": "large"}}}, "'large', which groups lacks"),
        ({"minimum_cell": 0}, "greater than or equal to 1"),
        ({"opportunity": {"interception": {"days": 30}}}, "no rival is named"),
        ({"opportunity": {"interception": {"price_from": 9, "price_to": 9}}}, "from 9 to below 9"),
        ({"opportunity": {"bundles": {"price_from": 9, "price_to": 8}}}, "runs from 9 to 8"),
    ],
)
def test_an_impossible_choice_is_told(category, message):
    with pytest.raises(ConfigError) as caught:
        config(**category)
    assert message in str(caught.value)


def test_names_of_categories_lose_the_blanks_that_tables_lose():
    found = config(rows=[" 手机 "], exclude=["门锁 "], groups={"large": [" 电视"]})
    assert (found.rows, found.exclude, found.groups) == (["手机"], ["门锁"], {"large": ["电视"]})


def test_yes_and_no_of_yaml_are_levels():
    segment = {"label": {"zh": "有车", "en": "car owners"}, "tag": "有车一族", "values": [True]}
    assert config(opportunity={"segments": {"car": segment}}).opportunity.segments["car"].values == ["yes"]


def test_an_artifact_is_a_table_of_users_and_no_source_table():
    sources = {"users": {"path": "users.csv"}, "tags": {"artifact": "scene_affinity"}}
    with pytest.raises(ConfigError, match="name it under user_tables"):
        parse_config({"name": "shop", "sources": sources}, "shop.yaml")


def test_columns_of_further_tables_are_declared_attributes():
    data = {
        "name": "shop",
        "sources": {
            "users": {"path": "users.csv"},
            "market": {"path": "market.csv", "columns": {"buyer": "n"}},
            "user_tables": {"scores": {"path": "scores.csv", "columns": {"score": "pts"}}},
        },
    }
    with pytest.raises(ConfigError) as caught:
        parse_config(data, "shop.yaml")
    message = str(caught.value)
    assert "sources.market.columns.buyer: no such column of market; did you mean 'buyers'?" in message
    assert "sources.user_tables.scores.columns.score: no such column of user_tables.scores" in message
    assert "declared under attributes" in message
    del data["sources"]["market"]["columns"]
    data["attributes"] = {"score": {"kind": "numeric"}}
    assert parse_config(data, "shop.yaml").sources.user_tables["scores"].columns == {"score": "pts"}


@pytest.mark.parametrize("path", sorted((shipped_configs() / "scenes").glob("*.yaml")), ids=lambda p: p.name)
def test_shipped_scenes_are_valid(path):
    found = parse_scenes(yaml.safe_load(path.read_text(encoding="utf-8")), path.name)
    assert len({scene.key for scene in found.scenes}) == len(found.scenes)
