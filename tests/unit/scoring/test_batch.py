import decimal
from dataclasses import replace
from datetime import date

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from personas.errors import ConfigError, DataError, NotFoundError
from personas.features import FeatureFrame
from personas.scorecard import evaluate
from personas.scoring import ASSIGNMENT_SCHEMA, score_parquet, score_users

AS_OF = date(2026, 6, 1)


def rows_of(table):
    return {row["user_id"]: row for row in table.to_pylist()}


def write_parquet(users, path, **options):
    pq.write_table(pa.Table.from_pandas(users.reset_index(), preserve_index=False), path, **options)
    return path


def run_file(model, source, **options):
    target = source.with_name("assignments.parquet")
    score_parquet(model, source, target, model_version="v1", as_of=AS_OF, **options)
    return pq.read_table(target)


def test_every_user_gets_a_row_of_the_assignment_schema(model, users):
    table = score_users(model, users, model_version="v1", as_of=AS_OF, language="en")
    assert table.schema.equals(ASSIGNMENT_SCHEMA)
    first = rows_of(table)["u1"]
    assert (first["persona_id"], first["persona_name"], first["runner_up_id"]) == (
        "P01",
        "Urban youth",
        "P02",
    )
    assert (first["model_version"], first["as_of"], first["status"]) == ("v1", AS_OF, "assigned")
    assert table["user_id"].to_pylist() == list(users.index)


def test_the_name_is_in_the_language_asked_for(model, users):
    assert rows_of(score_users(model, users))["u2"]["persona_name"] == "小镇中年"


def test_as_of_is_that_of_the_model_unless_given(model, users):
    assert rows_of(score_users(model, users))["u1"]["as_of"] == model.as_of


def test_confidence_is_the_calibrated_share_and_the_rest_is_shared_out(model, users):
    scores = evaluate(model.scorecard, dict(users.items()))
    rows = list(rows_of(score_users(model, users)).values())
    for k, row in enumerate(rows):
        assert row["confidence"] == np.interp(scores.probability[k], (0.5, 1.0), (0.4, 0.9))
        # With two personas the runner-up takes all of the rest.
        assert row["runner_up_confidence"] == pytest.approx(1 - row["confidence"])


def test_a_certain_answer_leaves_the_runner_up_nothing(model, users):
    sure = replace(model.scorecard.terms[1], points=np.array([[0.0, 0.0, -900.0], [-900.0, 0.0, 0.0]]))
    certain = replace(model, scorecard=replace(model.scorecard, terms=(sure,)))
    row = rows_of(score_users(certain, users))["u1"]
    assert (row["confidence"], row["runner_up_confidence"]) == (0.9, 0.0)


def test_a_user_of_whom_little_is_known_has_low_confidence(model, users):
    row = rows_of(score_users(model, users))["u4"]
    assert (row["status"], row["confidence"]) == ("low_confidence", 0.4)


def test_a_user_flagged_in_half_of_the_observed_features_is_out_of_distribution(model, users):
    model = replace(model, surprise_limit=np.inf)
    assert rows_of(score_users(model, users))["u5"]["status"] == "out_of_distribution"
    seen_twice = users.assign(plus=[0.0, 1.0, np.nan, np.nan, 1.0])
    assert rows_of(score_users(model, seen_twice))["u5"]["status"] != "out_of_distribution"


def test_a_surprising_user_is_out_of_distribution_and_still_named(model, users):
    strict = replace(model, surprise_limit=-5.0)
    row = rows_of(score_users(strict, users))["u1"]
    assert (row["status"], row["persona_id"]) == ("out_of_distribution", "P01")


def test_unseen_levels_are_flagged(model):
    users = pd.DataFrame({"age": [None], "city_tier": ["T9"], "plus": [None]}, index=["u"])
    assert rows_of(score_users(model, users))["u"]["status"] == "out_of_distribution"


def test_one_persona_leaves_the_runner_up_empty(model, users):
    term = replace(model.scorecard.terms[0], coefficients=np.zeros((1, 3)), missing=np.zeros(1))
    alone = replace(
        model,
        scorecard=replace(model.scorecard, intercept=np.zeros(1), terms=(term,)),
        personas=model.personas[:1],
    )
    row = rows_of(score_users(alone, users))["u1"]
    assert (row["runner_up_id"], row["runner_up_confidence"]) == (None, None)


def test_a_model_whose_personas_do_not_fit_its_scorecard_is_refused(model, users):
    with pytest.raises(DataError, match="1 personas and its scorecard 2"):
        score_users(replace(model, personas=model.personas[:1]), users)


def test_a_feature_frame_scores_like_its_data(model, users):
    data = pa.Table.from_pandas(users.reset_index().iloc[::-1], preserve_index=False)
    table = ibis.memtable(data.set_column(2, "city_tier", data["city_tier"].cast(pa.string())))
    frame = FeatureFrame(table, model.feature_set, replace(model.window, as_of=AS_OF))
    scored = score_users(model, frame)
    assert scored.drop(["as_of"]).to_pylist() == score_users(model, users).drop(["as_of"]).to_pylist()
    assert rows_of(scored)["u1"]["as_of"] == AS_OF


def test_a_parquet_file_scores_like_the_frame(model, users, tmp_path):
    done = []
    table = run_file(model, write_parquet(users, tmp_path / "f.parquet"), batch_rows=2, progress=done.append)
    expected = score_users(model, users, model_version="v1", as_of=AS_OF)
    assert table.to_pylist() == expected.to_pylist()
    assert table.schema.equals(ASSIGNMENT_SCHEMA)
    assert done == [2, 4, 5]


@pytest.mark.parametrize("name", ["f.csv", "f.csv.gz"])
def test_a_csv_file_scores_like_the_frame(model, users, tmp_path, name):
    noise = ["not", "a", "number", "1", "2"]
    users.assign(further=noise).to_csv(tmp_path / name, float_format="%.1f")
    table = run_file(model, tmp_path / name)
    assert table.to_pylist() == score_users(model, users, model_version="v1", as_of=AS_OF).to_pylist()


@pytest.mark.parametrize("text", [pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string())])
@pytest.mark.parametrize("number", [pa.int32(), pa.decimal128(6, 2), pa.float32()])
def test_every_storage_of_a_value_gives_the_same_answer(model, tmp_path, text, number):
    source = tmp_path / "f.parquet"
    numbers = pa.array([decimal.Decimal(30), None, decimal.Decimal(16)]).cast(number)
    columns = {"user_id": ["a", "b", "c"], "age": numbers, "plus": [True, False, None]}
    columns["city_tier"] = pa.array(["T1", None, "T9"]).cast(text)
    pq.write_table(pa.table(columns), source)
    plain = pd.DataFrame(
        {"age": [30.0, np.nan, 16.0], "city_tier": ["T1", None, "T9"], "plus": [1.0, 0.0, np.nan]},
        index=["a", "b", "c"],
    )
    assert run_file(model, source).drop(["as_of", "model_version"]) == score_users(model, plain).drop(
        ["as_of", "model_version"]
    )


def test_a_dictionary_that_holds_null_or_fills_its_index_type_is_read(model):
    words = pa.array([f"x{k}" for k in range(126)] + ["T1", None])
    tiers = pa.DictionaryArray.from_arrays(pa.array([126, 127, None, 0], pa.int8()), words)
    users = pd.DataFrame(
        {"age": 30.0, "city_tier": pd.Series(tiers, dtype=pd.ArrowDtype(tiers.type)), "plus": np.nan}
    )
    plain = users.assign(city_tier=["T1", None, None, "x0"])
    assert score_users(model, users).to_pylist() == score_users(model, plain).to_pylist()


def test_whole_number_ids_become_text(model, users, tmp_path):
    users.index = pd.Index([1, 2, 3, 4, 5], name="user_id")
    assert run_file(model, write_parquet(users, tmp_path / "f.parquet"))["user_id"].to_pylist() == list(
        "12345"
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(["age"]), "'age' is missing.* found user_id, city_tier, plus. Expected once: age"),
        (lambda t: t.drop(["user_id"]), "'user_id' is missing"),
        (lambda t: t.set_column(1, "age", pa.array(["x"] * 5)), "'age' holds string; expected numbers"),
        (lambda t: t.set_column(2, "city_tier", pa.array([1] * 5)), "'city_tier' holds int64; expected text"),
        (lambda t: t.set_column(1, "age", pa.array([[1]] * 5)), "'age' holds list"),
        (lambda t: t.set_column(0, "user_id", pa.array(["a", None, "c", "d", "e"])), "1 rows .* no user_id"),
        (lambda t: t.set_column(0, "user_id", pa.array([1.5] * 5)), "'user_id' holds double"),
        (lambda t: t.slice(0, 0), "no users to score"),
    ],
)
def test_a_file_that_breaks_the_contract_is_refused_and_nothing_is_left(
    model, users, tmp_path, change, message
):
    source = tmp_path / "f.parquet"
    pq.write_table(change(pa.Table.from_pandas(users.reset_index(), preserve_index=False)), source)
    with pytest.raises(DataError, match=message):
        run_file(model, source)
    assert [path.name for path in tmp_path.iterdir()] == ["f.parquet"]


def test_a_failing_run_keeps_the_former_answers(model, users, tmp_path):
    source = write_parquet(users, tmp_path / "f.parquet")
    before = run_file(model, source)
    broken = users.copy()
    broken.index = pd.Index(["u1", "u2", "u3", "u4", None], name="user_id")
    write_parquet(broken, source)
    with pytest.raises(DataError):
        run_file(model, source, batch_rows=2)
    assert pq.read_table(tmp_path / "assignments.parquet") == before


def test_an_absent_source_is_not_found(model, tmp_path):
    with pytest.raises(NotFoundError, match="no file"):
        run_file(model, tmp_path / "f.parquet")


def test_batches_without_rows_are_refused(model, users, tmp_path):
    with pytest.raises(ConfigError, match="batch_rows is 0"):
        run_file(model, write_parquet(users, tmp_path / "f.parquet"), batch_rows=0)


def test_the_source_is_never_the_target(model, users, tmp_path):
    source = write_parquet(users, tmp_path / "f.parquet")
    with pytest.raises(DataError, match="source itself"):
        score_parquet(model, source, source, model_version="v1", as_of=AS_OF)


def test_a_frame_without_users_is_refused(model, users):
    with pytest.raises(DataError, match="no users"):
        score_users(model, users.iloc[:0])


def test_a_column_of_mixed_types_is_refused(model, users):
    with pytest.raises(DataError, match="'age' mixes types"):
        score_users(model, users.assign(age=[1, "x", 2, 3, 4]))


def test_a_column_that_stands_twice_is_refused(model, users):
    with pytest.raises(DataError, match="'age' is missing, or stands there twice"):
        score_users(model, pd.concat([users, users[["age"]]], axis=1))
