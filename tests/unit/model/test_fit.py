"""What goes into a fit, and what stays out."""

from datetime import date

import ibis
import numpy as np
import pyarrow as pa
import pytest

from personas.errors import ConfigError, DataError
from personas.features import Feature, FeatureFrame, FeatureSet
from personas.model import FitOptions, fit_personas
from personas.schema import ObservationWindow, Text

WINDOW = ObservationWindow(date(2025, 1, 1), 365)


def _feature(name, kind="numeric", block="who", levels=()):
    return Feature(name, kind, block, "", "unknown", "profile", "value", name, levels, label=Text(name, name))


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    n = 600
    group = rng.integers(0, 3, n)
    known = np.where(np.arange(n) < 5, 1.0, np.nan)
    table = pa.table(
        {
            "user_id": [f"u{i:04d}" for i in range(n)],
            "height": rng.normal(group * 6.0, 1.0, n),
            "tier": [("T1", "T2", "T3")[g] for g in group],
            "rare": pa.array(known, from_pandas=True),
            **{f"noise{i}": rng.poisson(1.0, n).astype(float) for i in range(20)},
        }
    )
    features = (
        _feature("height"),
        _feature("tier", "ordinal", levels=("T1", "T2", "T3")),
        _feature("rare"),
        *(_feature(f"noise{i}", "count", "what") for i in range(20)),
    )
    connection = ibis.duckdb.connect()
    yield FeatureFrame(connection.create_table("frame", table), FeatureSet(features), WINDOW)
    connection.disconnect()


def test_an_input_that_almost_nobody_states_is_left_out_and_named(frame):
    model = fit_personas(frame, n_personas=3, options=FitOptions(n_resamples=2))
    assert "rare" not in model.scorecard.features
    assert model.clusterer_params["left_out"] == ["rare"]


def test_a_block_of_weight_zero_neither_clusters_nor_counts_as_parameters(frame):
    options = FitOptions(block_weights={"who": 1.0, "worth": 1.0, "what": 0.0}, max_personas=5, n_resamples=3)
    model = fit_personas(frame, options=options)
    assert model.scorecard.features == ["height", "tier"]
    assert len(model.personas) == 3


def test_a_name_of_a_persona_that_is_gone_stops_nothing(frame):
    names = {"P01": Text("甲", "first"), "P09": Text("乙", "second")}
    model = fit_personas(frame, n_personas=3, options=FitOptions(name_overrides=names, n_resamples=2))
    assert model.persona("P01").name == Text("甲", "first")
    assert model.persona("P01").name_source == "override"


def test_a_champion_that_reads_other_kinds_gives_ids_by_profile_alone(frame):
    champion = fit_personas(frame, n_personas=3, options=FitOptions(n_resamples=2))
    others = FeatureSet(
        tuple(
            _feature("height", "nominal", levels=("x",)) if f.name == "height" else f
            for f in champion.feature_set
        )
    )
    table = frame.table.mutate(height=ibis.literal("x"))
    model = fit_personas(
        FeatureFrame(table, others, WINDOW),
        n_personas=2,
        champion=champion,
        options=FitOptions(force=True, n_resamples=2),
    )
    assert model.continuity.by == "profiles"
    assert model.continuity.migration is None
    assert [e.kind for e in model.continuity.events] == ["kept", "new", "retired", "retired"]
    kept, new = sorted(p.persona_id for p in model.personas)
    assert kept in {"P01", "P02", "P03"}
    assert new == "P04"


def test_too_few_users_and_no_input_are_named(frame):
    few = FeatureFrame(frame.table.limit(30), frame.feature_set, WINDOW)
    with pytest.raises(DataError, match="expected at least 50"):
        fit_personas(few)
    with pytest.raises(DataError, match="No feature is left"):
        fit_personas(frame, options=FitOptions(block_weights={"who": 0.0, "what": 0.0}))


def test_an_impossible_range_is_refused(frame):
    with pytest.raises(ConfigError, match="min_personas"):
        fit_personas(frame, options=FitOptions(min_personas=4, max_personas=2))
