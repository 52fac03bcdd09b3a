from dataclasses import replace
from datetime import date

import ibis
import numpy as np
import pyarrow as pa
import pytest

from personas.config import parse_config
from personas.errors import ConfigError, DataError, GateError
from personas.features import Feature, FeatureFrame, FeatureSet
from personas.model import FitOptions, fit_personas
from personas.model.archetypes import Archetype
from personas.model.guide import (
    OUTSIDE,
    check_archetypes,
    check_kept,
    check_must_keep,
    guided_recipes,
    seeds_of,
    users_where,
)
from personas.model.macro import macros_of
from personas.model.persist import model_from_files, model_to_files
from personas.model.recipe import Recipe
from personas.schema import ObservationWindow, Text
from personas.schema.admit import AdmissionReport

WINDOW = ObservationWindow(date(2025, 1, 1), 365)
CITIES = ("east", "north", "south", "west")

MOTHERS = Archetype(
    "mothers", Text("全职妈妈", "Full-time mothers"), {"age": (26, 41), "city": frozenset({"east"})}
)
SINGLES = Archetype(
    "singles", Text("单身女性", "Singles"), {"age": (41, 120), "city": frozenset({"west", "south"})}
)
MARTIANS = Archetype(
    "martians",
    Text("火星人", "Martians"),
    {"age": (10, 24), "city": frozenset({"east"}), "height": (None, 3.0)},
)


def feature(name, kind="numeric", block="who", levels=()):
    return Feature(name, kind, block, "", "unknown", "profile", "value", name, levels, label=Text(name, name))


FEATURES = FeatureSet(
    (
        feature("age"),
        feature("city", "nominal", levels=CITIES),
        feature("height"),
        feature("orders", "count", "what"),
    )
)


def make_frame(connection, name="frame", n=900, random_state=0):
    """Three groups: 33-year-olds of the east, 55-year-olds of the west, and 20-year-olds of the south."""
    random = np.random.default_rng(random_state)
    group = random.integers(0, 3, n)
    home = np.array(["east", "west", "south"], dtype=object)[group]
    city = np.where(random.random(n) < 0.85, home, random.choice(np.array(CITIES, dtype=object), n))
    table = pa.table(
        {
            "user_id": [f"u{i:04d}" for i in range(n)],
            "age": random.normal(np.array([33.0, 55.0, 20.0])[group], 2.5),
            "city": list(city),
            "height": random.normal(np.array([0.0, 0.0, 6.0])[group], 1.0),
            "orders": random.poisson(np.array([1.0, 5.0, 10.0])[group]).astype(float),
        }
    )
    return FeatureFrame(connection.create_table(name, table), FEATURES, WINDOW)


@pytest.fixture(scope="module")
def frame():
    connection = ibis.duckdb.connect()
    yield make_frame(connection)
    connection.disconnect()


def fit(frame, champion=None, n_personas=3, **options):
    options = {"n_resamples": 2, "archetypes": (MOTHERS, SINGLES), **options}
    return fit_personas(
        frame,
        clusterer="latent_class",
        n_personas=n_personas,
        options=FitOptions(**options),
        champion=champion,
    )


@pytest.fixture(scope="module")
def champion(frame):
    return fit(frame, force=True)


# --- seeds ----------------------------------------------------------------------------------------


def test_seeds_say_what_an_archetype_expects_of_each_column():
    recipe = Recipe(
        "latent_class",
        {"age_band": "ordinal", "plus": "binary", "revenue": "numeric", "lamps": "count", "city": "nominal"},
        {},
        {},
    )
    bands = ("<20", "21-25", "26-30", "31-35", "36-40", "60+", "unknown")
    feature_set = FeatureSet((feature("age_band", "ordinal", levels=bands),))
    archetype = Archetype(
        "a",
        Text("甲", "A"),
        {
            "age": (26, 36),
            "plus": frozenset({"yes"}),
            "revenue": (None, 100),
            "lamps": frozenset({"bought"}),
            "city": frozenset({"west", "east"}),
            "gender": frozenset({"female"}),
        },
    )
    assert seeds_of([archetype], recipe, feature_set) == (
        {
            "age_band": ("26-30", "31-35"),
            "plus": ("1",),
            "revenue": (None, 100),
            "lamps": (1, None),
            "city": ("east", "west"),
        },
    )
    assert seeds_of([replace(archetype, attributes={"age": (None, 12)})], recipe, feature_set)[0] == {
        "age_band": ("<20",)
    }
    assert seeds_of([replace(archetype, attributes={"age": (60, None)})], recipe, feature_set)[0] == {
        "age_band": ("60+",)
    }
    for asked in ({"plus": (0, 1)}, {"revenue": frozenset({"high"})}, {"lamps": frozenset({"none"})}):
        assert seeds_of([replace(archetype, attributes=asked)], recipe, feature_set) == ()


def test_an_archetype_needs_half_of_its_attributes_among_the_columns():
    recipe = Recipe("latent_class", {"age": "numeric"}, {}, {})
    assert seeds_of([MOTHERS], recipe, FeatureSet(())) == ({"age": (26, 41)},)
    wider = replace(MOTHERS, attributes={**MOTHERS.attributes, "gender": frozenset({"female"})})
    assert seeds_of([wider], recipe, FeatureSet(())) == ()


def test_only_latent_class_begins_at_archetypes():
    recipes = [
        Recipe(name, {"age": "numeric", "city": "nominal"}, {}, {}) for name in ("latent_class", "kmeans")
    ]
    assert guided_recipes(recipes, (), FEATURES, use="find", as_asked=True) == recipes
    with pytest.raises(ConfigError, match=r"kmeans can't begin at archetypes; expected clusterer: latent"):
        guided_recipes(recipes, [MOTHERS], FEATURES, use="seed", as_asked=True)
    (seeded,) = guided_recipes(recipes, [MOTHERS], FEATURES, use="seed", as_asked=False)
    assert seeded.seeds == ({"age": (26, 41), "city": ("east",)},)
    assert seeded.make(2, 0).seeds == seeded.seeds
    assert seeded.without(["age"]).seeds == ({"city": ("east",)},)
    assert seeded.without(["age", "city"]).seeds == ()
    both = guided_recipes(recipes, [MOTHERS], FEATURES, use="require", as_asked=True)
    assert both == [seeded, recipes[1]]


def test_a_seed_without_archetypes_or_without_their_columns_is_refused():
    recipes = [Recipe("latent_class", {"orders": "count"}, {}, {})]
    with pytest.raises(ConfigError, match="there are no archetypes"):
        guided_recipes(recipes, (), FEATURES, use="require", as_asked=False)
    with pytest.raises(
        ConfigError, match=r"half of its attributes \(age, city\) among the inputs \(orders\)"
    ):
        guided_recipes(recipes, [MOTHERS], FEATURES, use="seed", as_asked=False)
    assert guided_recipes(recipes, [MOTHERS], FEATURES, use="require", as_asked=False) == recipes


# --- what must be found ---------------------------------------------------------------------------


def test_required_archetypes_are_found(champion):
    check_archetypes(champion.personas, [MOTHERS, SINGLES])
    assert {p.archetype for p in champion.personas} == {"mothers", "singles", None}


def test_an_archetype_that_was_not_found_is_named_with_the_closest_persona(champion):
    wider = {**MOTHERS.attributes, "height": (None, 3.0)}  # as two thirds of all users are
    twin = replace(MOTHERS, key="twin", name=Text("双胞胎", "Twins"), attributes=wider)
    strange = Archetype("x", Text("怪", "Strange"), {"shoe": frozenset({"red"})})
    with pytest.raises(GateError) as caught:
        check_archetypes(champion.personas, [MOTHERS, MARTIANS, twin, strange])
    message = str(caught.value)
    mothers = next(p for p in champion.personas if p.archetype == "mothers")
    assert message.startswith("3 of 4 required archetypes were not found: 火星人 / Martians: closest is P")
    assert "over 3 of 3 attributes" in message
    assert f"双胞胎 / Twins: closest is {mothers.persona_id} {mothers.name.en} with a mean" in message
    assert "which matches Full-time mothers better" in message
    assert "怪 / Strange: too few users, if any, have its attributes" in message


def test_the_fit_stops_at_an_archetype_that_was_not_found_unless_forced(frame):
    required = {"archetypes": (MOTHERS, MARTIANS), "archetype_use": "require"}
    with pytest.raises(GateError, match=r"1 of 2 required archetypes were not found: 火星人"):
        fit(frame, **required)
    assert len(fit(frame, **required, force=True).personas) == 3


def test_personas_that_must_be_kept_are_known():
    check_must_keep((), None)
    with pytest.raises(ConfigError, match=r"P01, but there is no champion .* train without must_keep first"):
        check_must_keep(["P01"], None)


def test_an_unknown_id_stops_before_the_fit(frame, champion):
    with pytest.raises(
        ConfigError, match=r"P07, which the champion does not have; it has P0\d, P0\d, P0\d\."
    ):
        fit(frame, champion, must_keep=("P01", "P07"))


def test_a_persona_that_is_found_again_is_kept_and_one_that_is_not_stops_the_fit(frame, champion):
    ids = tuple(p.persona_id for p in champion.personas)
    again = fit(frame, champion, must_keep=ids, macro_personas=2)
    assert {p.persona_id for p in again.personas} == set(ids)
    assert {m.macro_id for m in macros_of(again.personas)} == {"M1", "M2"}
    assert model_from_files(model_to_files(again)).personas == again.personas
    with pytest.raises(GateError, match=r"1 of 3 personas that must be kept were not found again: P0\d"):
        fit(frame, champion, n_personas=2, must_keep=ids)


def test_the_largest_overlap_of_a_lost_persona_is_told(champion):
    # The champion's row 0 holds users 0-4; the new rows hold 2 and 3 of them, the latter with three others.
    old = np.array([0] * 5 + [1] * 3 + [2] * 2)
    new = np.array([0, 0, 1, 1, 1, 1, 1, 1, 2, 2])
    first = champion.personas[0]
    with pytest.raises(GateError) as caught:
        check_kept([first.persona_id], champion, old, new, ["P11", "P12", "P13"])
    assert (
        f"1 of 1 personas that must be kept were not found again: {first.persona_id} {first.name.en} overlaps "
        "most with P11, 40%"
    ) in str(caught.value)
    check_kept([first.persona_id], champion, old, new, [first.persona_id, "P12", "P13"])


def test_a_champion_that_can_not_label_these_users_can_not_tell(champion):
    first = champion.personas[0].persona_id
    with pytest.raises(GateError, match="reads features that are gone or of another kind"):
        check_kept([first], champion, None, np.zeros(3, dtype=int), ["P11"])


# --- whom the model is for ------------------------------------------------------------------------


USERS = pa.table(
    {
        "user_id": list("abcdef"),
        "age": [20.0, 30.0, 40.0, 50.0, 60.0, 70.0],
        "gender": ["female", "female", "male", None, "female", "male"],
        "has_car": [True, False, True, True, None, False],
    }
)


def inside(where, admission=None):
    admission = admission or AdmissionReport(8, 6, {"minor": 2})
    users, report = users_where(ibis.memtable(USERS), where, admission)
    assert list(users.columns) == USERS.column_names
    assert report.n_admitted + sum(report.dropped.values()) == report.n_users == 8
    return "".join(sorted(users.user_id.to_pyarrow().to_pylist())), report.dropped


def test_only_users_with_the_levels_are_kept_and_the_others_are_counted():
    assert inside({"gender": ["female"]}) == ("abe", {"minor": 2, OUTSIDE: 3})
    assert inside({"gender": ["female", "male"]}) == ("abcef", {"minor": 2, OUTSIDE: 1})
    assert inside({"gender": ["female"], "has_car": ["yes"]}) == ("a", {"minor": 2, OUTSIDE: 5})
    assert inside({"has_car": ["yes", "no"]}) == ("abcdf", {"minor": 2, OUTSIDE: 1})


def test_nothing_asked_changes_nothing():
    assert inside({}) == ("abcdef", {"minor": 2})


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"sex": ["female"]}, r"'sex', which users do not have; expected one of age, gender, has_car"),
        ({"user_id": ["a"]}, "which users do not have"),
        ({"gender": ["woman", "male"]}, r"gender names woman, .* expected some of female, male, other\."),
        ({"has_car": ["maybe"]}, r"expected some of no, yes\."),
        ({"age": ["20"]}, "'age', which has no levels but is a number"),
    ],
)
def test_an_unknown_attribute_or_level_names_the_known_ones(where, message):
    with pytest.raises(ConfigError, match=message):
        inside(where)


@pytest.mark.parametrize("where", [{"gender": ["other"]}, {"gender": ["male"], "has_car": ["yes", "no"]}])
def test_nobody_left_is_an_error_that_says_what_was_asked(where):
    users = USERS.filter([gender != "male" for gender in USERS["gender"].to_pylist()])
    with pytest.raises(DataError, match=r"None of 4 admitted users is gender: (other|male).* Loosen"):
        users_where(ibis.memtable(users), where, AdmissionReport(4, 4))


# --- config ---------------------------------------------------------------------------------------


def personas_of(**keys):
    data = {"name": "shop", "sources": {"users": {"path": "users.csv"}}, "personas": keys}
    return parse_config(data, "shop.yaml").personas


def test_the_config_asks_for_nothing_by_default():
    spec = personas_of()
    assert (spec.archetype_use, spec.must_keep, spec.macro_personas, spec.where) == ("find", [], None, {})


def test_a_bare_yes_is_a_level():
    assert personas_of(where={"has_car": [True], "gender": ["female"]}).where == {
        "has_car": ["yes"],
        "gender": ["female"],
    }


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"archetype_use": "seed"}, "archetype_use is 'seed', but archetypes is not set"),
        ({"archetype_use": "must"}, "archetype_use"),
        ({"macro_personas": 1}, "macro_personas"),
        ({"where": {"gender": []}}, "where.gender"),
    ],
)
def test_an_impossible_key_is_refused(keys, message):
    with pytest.raises(ConfigError, match=message):
        personas_of(**keys)
