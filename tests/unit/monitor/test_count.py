from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from personas.errors import DataError
from personas.monitor import count as counting
from personas.monitor import count_users

from .conftest import AS_OF, draw


def test_the_training_users_are_counted_as_the_model_did(model, count):
    counted = count(draw(20_000, 0))
    assert counted == model.sketch


def test_batches_and_row_groups_do_not_matter(count, monkeypatch):
    data = draw(5000, 1)
    whole = count(data)
    monkeypatch.setattr(counting, "_BATCH_ROWS", 700)
    assert count(data, row_group_size=333) == whole


def test_unseen_and_missing_have_cells_of_their_own(model, count):
    data = draw(1000, 2)
    data["city_tier"] = ["T9"] * 300 + [None] * 200 + ["T1"] * 500
    tier = count(data).feature("city_tier")
    assert tier.counts == (500, 0, 0, 300, 200)
    assert tier.bins == model.sketch.feature("city_tier").bins


@pytest.mark.parametrize("column", [pa.nulls(900), pa.nulls(900, pa.float64())], ids=["no type", "numbers"])
def test_a_column_without_values_is_all_missing(model, tmp_path, column):
    data = draw(900, 3)
    table = pa.Table.from_pandas(data.reset_index(), preserve_index=False)
    table = table.set_column(table.schema.get_field_index("orders"), "orders", column)
    counted = _score_and_count(model, table, tmp_path)
    assert counted.feature("orders").counts[-1] == 900
    assert sum(counted.feature("orders").counts) == 900


def test_an_absent_feature_is_left_out(model, tmp_path):
    table = pa.Table.from_pandas(draw(900, 3).reset_index(), preserve_index=False)
    _score_and_count(model, table, tmp_path)
    for name in ("orders", "city_tier"):
        pq.write_table(table.drop_columns([name]), tmp_path / "features.parquet")
        counted = count_users(
            model.sketch, tmp_path / "features.parquet", tmp_path / "assignments.parquet", as_of=AS_OF
        )
        assert counted.feature(name) is None
        assert len(counted.features) == 3
        assert counted.n_users == 900


def test_persona_cells_are_multiples_of_twenty(count):
    sketch = count(draw(777, 4))
    assert all(n % 20 == 0 for f in sketch.features for row in f.portraits for n in row)
    assert sum(sketch.by_persona) == sum(sketch.by_status) == sum(sketch.by_confidence) == 777


def test_files_of_other_users_are_refused(model, tmp_path):
    table = pa.Table.from_pandas(draw(900, 5).reset_index(), preserve_index=False)
    _score_and_count(model, table, tmp_path)
    for other in (table.take(np.arange(900)[::-1]), table.slice(0, 899), pa.concat_tables([table, table])):
        pq.write_table(other, tmp_path / "features.parquet")
        with pytest.raises(DataError, match="same users in the same order"):
            count_users(
                model.sketch, tmp_path / "features.parquet", tmp_path / "assignments.parquet", as_of=AS_OF
            )


def test_nobody_is_refused(model, tmp_path):
    table = pa.Table.from_pandas(draw(900, 5).reset_index(), preserve_index=False)
    _score_and_count(model, table, tmp_path)
    for name in ("features", "assignments"):
        path = tmp_path / f"{name}.parquet"
        pq.write_table(pq.read_table(path).slice(0, 0), path)
    with pytest.raises(DataError, match="no users to count"):
        count_users(
            model.sketch, tmp_path / "features.parquet", tmp_path / "assignments.parquet", as_of=AS_OF
        )


def _score_and_count(model, table, folder):
    from personas.scoring import score_parquet

    features, answers = folder / "features.parquet", folder / "assignments.parquet"
    pq.write_table(table, features)
    score_parquet(model, features, answers, model_version="v1", as_of=date(2026, 5, 1))
    return count_users(model.sketch, features, answers, as_of=AS_OF)
