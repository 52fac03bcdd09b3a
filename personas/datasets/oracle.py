"""The best answer that anybody could give: the posterior under the model that made the world."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from personas.datasets.planted import (
    ACTIVITY_SHAPE,
    AGES,
    CATEGORY_NAMES,
    MEMBERSHIP_LOG_MEAN,
    MEMBERSHIP_LOG_SD,
    PERSONA_SHARES,
    PERSONAS,
    PROFILE_MARGINALS,
    TAG_MARGINALS,
    Floats,
    Marginal,
    age_shares,
    category_rates,
)
from personas.datasets.world import World
from personas.errors import NotFoundError

if TYPE_CHECKING:
    import pandas as pd


def oracle_posterior(world: World, *, tags: Sequence[str] = ()) -> pd.DataFrame:
    """Compute the true posterior of the personas given what the features see.

    That is 年龄, 婚姻状况, 学历, 京享值, 城市线级, 十大靶群 and the number of orders per category inside the
    window, beside the ``tags``. What is computed of the orders in the window alone (their number, revenue
    and recency) tells nothing further. A missing value is marginalised (its factor is 1). Each user's own activity is integrated out:
    counts that are Poisson given a gamma-distributed activity are negative multinomial.

    Parameters
    ----------
    world : World
        Made by :func:`personas.datasets.make_home_appliances`.
    tags : sequence of str
        Further columns of the users table that the features see, for example ``"PLUS会员"``.

    Returns
    -------
    DataFrame of shape (n_users, 5), rows sum to 1
        Indexed by ``user_id``; one column per planted class, the background last. The column of the
        largest value is the Bayes classifier: no method that sees the same features is right more often.

    Raises
    ------
    NotFoundError
        If a tag isn't a column of the planted model.

    Notes
    -----
    With rates ``l_kc``, counts ``x_c``, shape ``r``, ``n = sum_c x_c`` and ``L_k = sum_c l_kc``,
    ``log p(x | k) = sum_c x_c log l_kc - (n + r) log(L_k + r)`` up to terms without ``k``.

    References
    ----------
    Johnson, N. L., Kotz, S., Balakrishnan, N. (1997). Discrete Multivariate Distributions, chapter 36
    (negative multinomial). Wiley.
    """
    import pandas as pd

    users = world.users
    log_density = np.tile(np.log(PERSONA_SHARES), (users.num_rows, 1))
    for column, marginal in _read_marginals(tags).items():
        log_density += _lookup(users[column], marginal.levels, marginal.shares)
    log_density += _lookup(users["年龄"], AGES.astype(np.int64), age_shares())
    log_density += _membership(users["京享值"])
    log_density += _orders(order_counts(world))
    log_density -= log_density.max(axis=1, keepdims=True)
    posterior = np.exp(log_density)
    posterior /= posterior.sum(axis=1, keepdims=True)
    return pd.DataFrame(
        posterior, columns=list(PERSONAS), index=pd.Index(users["用户ID"].to_pylist(), name="user_id")
    )


def order_counts(world: World) -> NDArray[np.int64]:
    """Count the orders per user and category inside the window.

    Parameters
    ----------
    world : World
        Made by :func:`personas.datasets.make_home_appliances`.

    Returns
    -------
    ndarray of shape (n_users, 22), orders, >= 0
        Rows as in ``world.users``, columns as in ``CATEGORIES``.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    events = world.events
    inside = pc.and_(
        pc.less(events["时间"], pa.scalar(world.window.end_at, events["时间"].type)),
        pc.greater_equal(events["时间"], pa.scalar(world.window.start_at, events["时间"].type)),
    )
    orders = events.filter(pc.and_(inside, pc.equal(events["行为"], "下单")))
    user = pc.index_in(orders["用户ID"], world.users["用户ID"]).to_numpy()
    category = pc.index_in(orders["品类"], pa.array(CATEGORY_NAMES)).to_numpy()
    shape = (world.users.num_rows, len(CATEGORY_NAMES))
    counts: NDArray[np.int64] = np.bincount(user * shape[1] + category, minlength=shape[0] * shape[1])
    return counts.reshape(shape)


def _read_marginals(tags: Sequence[str]) -> dict[str, Marginal]:
    unknown = [tag for tag in tags if tag not in TAG_MARGINALS]
    if unknown:
        raise NotFoundError(
            f"No tag is called {', '.join(unknown)}; expected some of {', '.join(TAG_MARGINALS)}."
        )
    return {**PROFILE_MARGINALS, **{tag: TAG_MARGINALS[tag] for tag in tags}}


def _lookup(column: Any, values: Any, shares: Floats) -> Floats:
    """Log share of each value per class; 0 where the value is missing or unknown."""
    import pyarrow as pa
    import pyarrow.compute as pc

    code = pc.fill_null(pc.index_in(column, pa.array(values)), -1).to_numpy()
    padded = np.hstack([np.log(shares), np.zeros((len(shares), 1))])
    log_shares: Floats = padded.T[code]
    return log_shares


def _membership(column: Any) -> Floats:
    import pyarrow.compute as pc

    value = pc.cast(column, "float64").to_numpy()[:, None]
    z = (np.log(value) - MEMBERSHIP_LOG_MEAN) / MEMBERSHIP_LOG_SD
    log_density: Floats = np.nan_to_num(-0.5 * z**2 - np.log(MEMBERSHIP_LOG_SD), nan=0.0)
    return log_density


def _orders(counts: NDArray[np.int64]) -> Floats:
    rates = category_rates()
    n_orders = counts.sum(axis=1, keepdims=True)
    log_density: Floats = counts @ np.log(rates).T - (n_orders + ACTIVITY_SHAPE) * np.log(
        rates.sum(axis=1) + ACTIVITY_SHAPE
    )
    return log_density
