"""Households of a grocer: a whole run on the public data set as its config is shipped, but for the number."""

import re
from datetime import date, datetime

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from personas.datasets import load_complete_journey
from personas.model.persist import model_to_files
from personas.store import ArtifactStore
from pipelines.report import write_report

AS_OF = date(2017, 9, 1)
QUICK = {"n_personas": 4, "bootstraps": 2}


@pytest.fixture(scope="module")
def tables():
    """Households and transactions with ids that no number can be mistaken for."""
    marked = {}
    for name, table in load_complete_journey().items():
        ids = pc.binary_join_element_wise("HH", table["household_id"].cast(pa.string()), "")
        marked[name] = table.set_column(table.schema.get_field_index("household_id"), "household_id", ids)
    return marked


@pytest.fixture(scope="module")
def put(tmp_path_factory, set_up, tables):
    """Return a function that writes the tables, transactions before a day only if asked, and the config."""

    def write(before=None):
        folder = tmp_path_factory.mktemp("grocer")
        transactions = tables["transactions"]
        if before is not None:
            at = transactions["transaction_timestamp"]
            transactions = transactions.filter(pc.less(at, pa.scalar(before, at.type)))
        sources = {"users": folder / "users.parquet", "events": folder / "events.parquet"}
        pq.write_table(tables["households"], sources["users"])
        pq.write_table(transactions, sources["events"])
        return set_up(folder, "complete_journey", sources, personas=QUICK)

    return write


@pytest.fixture(scope="module")
def trained(put, run_train):
    loaded = put()
    # Four are asked for to have something to look at, whether or not the households carry so many.
    return loaded, run_train(loaded, AS_OF, force=True)


def test_personas_are_named_and_add_up(trained):
    model = trained[1].stored.model
    assert len(model.personas) == 4
    assert sum(p.share for p in model.personas) == pytest.approx(1)
    for language in ("zh-CN", "en"):
        names = [p.name.of(language) for p in model.personas]
        assert len(set(names)) == 4
        assert all(names)


def test_transactions_after_as_of_change_nothing(trained, put, run_train, tables):
    cut = put(before=datetime(AS_OF.year, AS_OF.month, AS_OF.day))
    n_rows = pq.read_metadata(cut.path.parent / "events.parquet").num_rows
    assert 0.5 < n_rows / tables["transactions"].num_rows < 0.8
    again = run_train(cut, AS_OF, force=True).stored
    assert model_to_files(again.model) == model_to_files(trained[1].stored.model)


def test_nothing_that_is_kept_or_shown_names_a_household(trained):
    loaded, done = trained
    report = write_report(ArtifactStore(loaded.store_path), done.stored, "en", None)
    kept = [path for path in loaded.store_path.rglob("*") if path.is_file()]
    assert {report.name, "model.json", "contract.json"} <= {path.name for path in kept}
    for path in kept:
        assert re.search(rb"\bHH\d+\b", path.read_bytes()) is None, path.name
