"""Scoring: the kernel is the reference, and no answer depends on who else is in the batch."""

from dataclasses import fields
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from personas.features import FeatureSet
from personas.model.base import Calibration, Card, Persona, PersonaModel
from personas.schema import ObservationWindow, Text
from personas.scorecard import (
    BinTerm,
    PolynomialTerm,
    Scorecard,
    Scores,
    TableTerm,
    evaluate,
    points_of,
    scorecard_from_arrays,
    scorecard_to_arrays,
)
from personas.scorecard.reference import evaluate as evaluate_reference
from personas.scoring import score_parquet, score_users

LEVELS = ("低", "中", "高")
NUMBER = st.floats(-20, 20).map(lambda x: round(x, 3))
ANY_NUMBER = st.one_of(st.floats(allow_nan=True, allow_infinity=True), NUMBER)


def points(*shape):
    return arrays(np.float64, shape, elements=NUMBER)


def typical(draw):
    return draw(NUMBER), draw(NUMBER), draw(st.floats(0, 9).map(lambda x: round(x, 3)))


@st.composite
def scorecards(draw):
    k = draw(st.integers(1, 4))
    terms = []
    for position, kind in enumerate(draw(st.lists(st.sampled_from("ptb"), min_size=1, max_size=5))):
        name = f"{kind}{position}"
        if kind == "p":
            lower, upper = sorted(
                [draw(st.one_of(st.just(-np.inf), NUMBER)), draw(st.one_of(st.just(np.inf), NUMBER))]
            )
            transform = draw(st.sampled_from(["identity", "log1p", "sqrt"]))
            centre, scale = draw(NUMBER), draw(st.floats(0.1, 10))
            terms.append(
                PolynomialTerm(name, transform, lower, upper, centre, scale, draw(points(k, 3)),
                               draw(points(k)), draw(points(3)), *typical(draw))
            )  # fmt: skip
        elif kind == "t":
            table, base = draw(points(k, 3)), draw(points(3))
            terms.append(TableTerm(name, LEVELS, table, draw(points(k)), base, *typical(draw)))
        else:
            edges = np.array(sorted(draw(st.sets(NUMBER, max_size=3))))
            n = len(edges) + 1
            terms.append(
                BinTerm(name, edges, draw(points(k, n)), draw(points(k)), draw(points(n)), *typical(draw))
            )
    return Scorecard(draw(points(k)), tuple(terms))


@st.composite
def cases(draw):
    scorecard = draw(scorecards())
    n_users = draw(st.integers(1, 12))
    columns = {}
    for term in scorecard.terms:
        values = st.sampled_from([*LEVELS, "没见过", None]) if isinstance(term, TableTerm) else ANY_NUMBER
        drawn = draw(st.lists(values, min_size=n_users, max_size=n_users))
        columns[term.feature] = np.array(drawn, dtype=object if isinstance(term, TableTerm) else float)
    return scorecard, pd.DataFrame(columns, index=[f"u{row}" for row in range(n_users)])


def model_of(scorecard):
    nothing = Text("", "")
    card = Card(nothing, nothing, nothing, (), nothing)
    personas = tuple(
        Persona(f"P{k:02d}", Text(f"人群{k}", f"group {k}"), "traits", None, 0.1, 1, (), card)
        for k in range(scorecard.n_personas)
    )
    return PersonaModel(
        "world", ObservationWindow(date(2026, 5, 1), 30), FeatureSet(), scorecard, personas,
        Calibration((0.3, 0.6, 1.0), (0.2, 0.7, 0.95)), 0.6, 3.0, "latent_class", {},
    )  # fmt: skip


def rounding(scorecard, columns):
    """Return how far the last digit of a logarithm may move a sum of points as large as these."""
    largest = max(np.abs(points).max() for points in points_of(scorecard, columns).values())
    return 1e-12 + 1e-14 * largest


@settings(deadline=None, max_examples=150)
@given(cases())
def test_the_kernel_gives_the_answers_of_the_reference(case):
    scorecard, frame = case
    columns = {name: frame[name].to_numpy() for name in frame}
    found, expected = evaluate(scorecard, columns), evaluate_reference(scorecard, columns)
    for field in fields(Scores):
        here, there = getattr(found, field.name), getattr(expected, field.name)
        if here.dtype == np.int32:
            assert np.array_equal(here, there), field.name
        else:
            assert np.allclose(here, there, rtol=1e-12, atol=rounding(scorecard, columns)), field.name


@settings(deadline=None, max_examples=60)
@given(cases(), st.randoms(use_true_random=False))
def test_no_answer_depends_on_the_order_of_users(case, random):
    scorecard, frame = case
    model = model_of(scorecard)
    order = list(frame.index)
    random.shuffle(order)
    expected = {row["user_id"]: row for row in score_users(model, frame).to_pylist()}
    assert {row["user_id"]: row for row in score_users(model, frame.loc[order]).to_pylist()} == expected


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cases(), st.integers(1, 12), st.integers(1, 12))
def test_no_answer_depends_on_how_a_file_is_cut(tmp_path, case, batch_rows, row_group_size):
    scorecard, frame = case
    model = model_of(scorecard)
    table = pa.table(
        {"user_id": frame.index, **{name: pa.array(frame[name], from_pandas=True) for name in frame}}
    )
    pq.write_table(table, tmp_path / "f.parquet", row_group_size=row_group_size)
    score_parquet(
        model, tmp_path / "f.parquet", tmp_path / "a.parquet",
        model_version="unsaved", as_of=model.as_of, batch_rows=batch_rows,
    )  # fmt: skip
    assert pq.read_table(tmp_path / "a.parquet").to_pylist() == score_users(model, frame).to_pylist()


@pytest.mark.parametrize("n_users", [511, 512, 513, 1500])
def test_no_answer_depends_on_the_blocks_of_the_kernel(n_users):
    rng = np.random.default_rng(n_users)
    term = PolynomialTerm("x", "log1p", 0.0, 3.0, 1.0, 0.7, rng.normal(size=(3, 3)), rng.normal(size=3),
                          rng.normal(size=3), 0.0, -1.0, 0.5)  # fmt: skip
    scorecard, values = Scorecard(rng.normal(size=3), (term,)), 5 * rng.random(n_users)
    whole = evaluate(scorecard, {"x": values})
    for start in range(0, n_users, 300):
        piece = evaluate(scorecard, {"x": values[start : start + 300]})
        for field in fields(Scores):
            expected = getattr(whole, field.name)[start : start + 300]
            assert np.array_equal(getattr(piece, field.name), expected), field.name


@given(scorecards())
def test_a_scorecard_survives_the_trip_through_arrays(scorecard):
    description, parts = scorecard_to_arrays(scorecard)
    again = scorecard_from_arrays(description, parts)
    assert np.array_equal(again.intercept, scorecard.intercept)
    for one, other in zip(again.terms, scorecard.terms, strict=True):
        assert type(one) is type(other)
        for field in fields(one):
            assert np.array_equal(getattr(one, field.name), getattr(other, field.name)), field.name
