"""Real customers with messy text: a whole run, without a trace of anybody and without a look ahead."""

import io
import re
import shutil
from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from personas.model.persist import model_to_files
from personas.store import ArtifactStore
from pipelines.report import write_report

AS_OF = date(2018, 7, 1)
QUICK = {"min_personas": 3, "max_personas": 5, "max_training_users": 8_000, "bootstraps": 2}


@pytest.fixture(scope="module")
def tables(bicycle_tables):
    """Users and events with ids that no number can be mistaken for; some rows are broken."""
    read = {name: pq.read_table(path) for name, path in bicycle_tables.items()}
    marked = {}
    for name, table in read.items():
        ids = pc.binary_join_element_wise("CK", table["CustomerKey"].cast(pa.string()), "")
        position = table.schema.get_field_index("CustomerKey")
        marked[name] = table.set_column(position, "CustomerKey", ids)
    users, events = marked["users"], marked["events"]
    stranger = events.slice(0, 5).set_column(
        events.schema.get_field_index("CustomerKey"), "CustomerKey", pa.array(["CK99999"] * 5)
    )
    return pa.concat_tables([users, users.slice(0, 7)]), pa.concat_tables([events, stranger])


@pytest.fixture(scope="module")
def put(tmp_path_factory, set_up, tables):
    """Return a function that writes the tables, with the events that pass a filter, and the config."""

    def write(keep=None):
        folder = tmp_path_factory.mktemp("bicycles")
        users, events = tables
        pq.write_table(users, folder / "users.parquet")
        pq.write_table(events if keep is None else events.filter(keep(events)), folder / "events.parquet")
        sources = {name: folder / f"{name}.parquet" for name in ("users", "events")}
        return set_up(folder, "adventureworks", sources, personas=QUICK)

    return write


@pytest.fixture(scope="module")
def trained(put, run_train):
    loaded = put()
    return loaded, run_train(loaded, AS_OF)


def test_personas_are_named_and_add_up(trained):
    model = trained[1].stored.model
    assert 3 <= len(model.personas) <= 5
    assert sum(p.share for p in model.personas) == pytest.approx(1)
    assert sum(p.n_users for p in model.personas) <= 8_000
    for language in ("zh-CN", "en"):
        names = [p.name.of(language) for p in model.personas]
        assert len(set(names)) == len(names)
        assert all(names)


def test_events_after_as_of_change_nothing(trained, put, run_train):
    def is_before(events):
        return pc.less(
            events["OrderDate"].cast(pa.timestamp("us")),
            pa.scalar(datetime(AS_OF.year, AS_OF.month, AS_OF.day), pa.timestamp("us")),
        )

    cut = put(is_before)
    again = run_train(cut, AS_OF).stored
    first = trained[1].stored
    assert pq.read_metadata(cut.path.parent / "events.parquet").num_rows < 50_000
    assert model_to_files(again.model) == model_to_files(first.model)


def test_nothing_that_is_kept_or_shown_names_a_user(trained):
    loaded, done = trained
    store = ArtifactStore(loaded.store_path)
    report = write_report(store, done.stored, "zh-CN", None)
    token = re.compile(rb"CK\d{5}")
    looked_at = []
    for path in sorted(loaded.store_path.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            if path.suffix == ".npz":
                with np.load(io.BytesIO(content)) as arrays:
                    content += b"\n".join(arrays[name].tobytes() for name in arrays.files)
            found = token.search(content)
            assert found is None, path.name
            looked_at.append(path.name)
    assert report.name in looked_at
    assert {"model.json", "scorecard.npz", "contract.json"} <= set(looked_at)
    quarantine = next((loaded.store_path / "quarantine").iterdir()).read_text()
    assert quarantine.count("\n") > 5


def test_the_search_for_ids_can_find_one(trained, tmp_path):
    loaded, _ = trained
    copied = shutil.copy(loaded.path.parent / "users.parquet", tmp_path)
    users = pq.read_table(copied)["CustomerKey"].to_pylist()
    assert re.search(rb"CK\d{5}", "\n".join(users).encode())
