import contextlib
import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from personas.config import config_schema, parse_archetypes, parse_config
from personas.errors import ConfigError
from personas.schema import Attribute, Text

ROOT = Path(__file__).parents[2]
REGENERATE = (
    'configs/config.schema.json is out of date; write it again: python -c "import json, personas.config as c; '
    'print(json.dumps(c.config_schema(), ensure_ascii=False, indent=2, sort_keys=True))" > configs/config.schema.json'
)


def least(**further):
    return {"name": "shop", "sources": {"users": {"path": "users.csv"}}, **further}


def problem(data):
    with pytest.raises(ConfigError) as caught:
        parse_config(data, "shop.yaml")
    return str(caught.value)


def test_users_and_a_name_are_enough():
    config = parse_config(least(), "shop.yaml")
    assert config.store == "artifacts"
    assert config.features.protected == ["gender"]
    assert config.personas.n_personas == "auto"
    assert config.personas.clusterer == "auto"
    assert config.personas.block_weights is None


def test_the_published_schema_is_up_to_date():
    published = json.loads((ROOT / "configs" / "config.schema.json").read_text(encoding="utf-8"))
    assert published == config_schema(), REGENERATE


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda path: path.name)
def test_shipped_configs_are_valid(path):
    assert parse_config(yaml.safe_load(path.read_text(encoding="utf-8")), path.name).name


@pytest.mark.parametrize(
    "path", sorted((ROOT / "configs" / "archetypes").glob("*.yaml")), ids=lambda path: path.name
)
def test_shipped_archetypes_are_valid(path):
    spec = parse_archetypes(yaml.safe_load(path.read_text(encoding="utf-8")), path.name)
    assert len({a.key for a in spec.archetypes}) == len(spec.archetypes) > 0


def test_all_problems_are_listed_at_once():
    message = problem(least(nam="x", features={"lookback_days": 0}, personas={"clusters": 3}))
    assert message.startswith("shop.yaml: 3 problem(s) in the config:\n")
    assert "  nam: unknown key; did you mean 'name'?" in message
    assert "  features.lookback_days: Input should be greater than or equal to 1 (found 0)." in message
    assert "  personas.clusters: unknown key; did you mean 'clusterer'?" in message


def test_a_key_that_is_like_none_gets_the_valid_ones():
    assert "valid keys: max_quarantine_share, max_amount" in problem(least(contract={"xyzzy": 1}))


def test_unknown_keys_are_named_inside_mappings_of_any_key():
    message = problem(least(attributes={"plan": {"kind": "nominal", "levls": []}}))
    assert "attributes.plan.levls: unknown key; did you mean 'levels'?" in message


@pytest.mark.parametrize(
    "source",
    [
        {},
        {"path": "a.csv", "dataset": "b.c"},
        {"path": "a.csv", "connection": "duckdb://x", "table": "t"},
        {"connection": "duckdb://x"},
        {"connection_env": "URL"},
    ],
)
def test_a_source_has_one_place(source):
    message = problem({"name": "shop", "sources": {"users": source}})
    assert "give exactly one of" in message or "a connection also needs table" in message


@pytest.mark.parametrize("key", ["columns", "values", "constants", "date_formats", "strip_characters"])
def test_every_mapping_names_columns_of_its_table(key):
    value = {"columns": "x", "values": {}, "constants": "x", "date_formats": [], "strip_characters": ","}[key]
    data = least()
    data["sources"]["users"][key] = {"gendr": value}
    data["sources"]["events"] = {"path": "e.csv", key: {"plan": value}}
    message = problem(data)
    assert f"sources.users.{key}.gendr: no such column of users; did you mean 'gender'?" in message
    # An attribute is a column of users only.
    assert f"sources.events.{key}.plan: no such column of events; expected one of user_id" in message
    data["attributes"] = {"gendr": {"kind": "nominal"}}
    del data["sources"]["events"]
    assert parse_config(data, "shop.yaml")


def test_an_attribute_becomes_the_noun_of_the_library():
    config = parse_config(
        least(attributes={"pay_day": {"kind": "ordinal", "block": "worth", "levels": ["a", "b"]}}),
        "shop.yaml",
    )
    assert config.attribute_nouns == (
        Attribute("pay_day", "ordinal", "worth", "", ("a", "b"), Text("pay_day", "pay day"), {}),
    )


@pytest.mark.parametrize("data", [None, [], "name: shop", 3])
def test_what_is_no_mapping_is_no_config(data):
    assert f"found {type(data).__name__}, expected a mapping" in problem(data)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["name", "sources", "users", "path", "features", "personas", "attributes", "x"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_any_yaml_is_a_config_or_a_readable_error(data):
    with contextlib.suppress(ConfigError):
        assert parse_config(data, "shop.yaml").name
