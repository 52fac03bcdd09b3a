"""A planted world of a consumer-electronics brand on a large Chinese marketplace."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from personas.datasets.behaviour import make_events
from personas.datasets.planted import (
    AGES,
    MEMBERSHIP_LOG_MEAN,
    MEMBERSHIP_LOG_SD,
    MISSING_SHARE,
    PERSONA_SHARES,
    PERSONAS,
    PROFILE_MARGINALS,
    TAG_MARGINALS,
    WINDOW,
    Floats,
    Marginal,
    age_shares,
)
from personas.datasets.world import World
from personas.errors import ConfigError

Integers = NDArray[np.int64]

MAX_USERS = 1_000_000
"""The block of made-up phone numbers holds no more."""

_ASKED_UNKNOWN = {"婚姻状况", "学历"}
"""Columns where half of the missing values are written 未知 instead of being empty."""


def make_home_appliances(n_users: int = 20_000, *, random_state: int = 0) -> World:
    """Make three years of a brand's customers, four planted personas among them.

    The personas are 智能潮流派 (``smart_trendsetters``, 20 %), 品质格调家 (``quality_and_taste``, 18 %), 奋斗蚁族
    (``striving_ants``, 17 %) and 科技生活党 (``tech_life``, 15 %); 30 % are ``background`` users who follow no
    card. Every attribute leans the way the persona's card says, on its own (cards are marginals, not a
    conjunction), and so do the preferred categories and the activity, which the case doesn't tell and we
    chose. Given the persona all is independent: orders per category are Poisson with a gamma-distributed
    user activity, age is normal, 京享值 log-normal. 10 % of the values of every profile column are missing,
    completely at random. Prices don't depend on the persona.

    Parameters
    ----------
    n_users : int, 1 to 1,000,000
        Number of users.
    random_state : int, >= 0
        Seed; the same seed and ``n_users`` give the same world.

    Returns
    -------
    World
        Tables in Chinese columns and values, with the truth beside them. Events run one month past the
        window. All identifiers are made up: e-mail addresses of example.com, IMEIs of the test range,
        advertising ids that start with DEC0DE00, phone numbers out of one block. China keeps no mobile
        range for fiction, so a number may belong to somebody: never send anything to them.

    Raises
    ------
    ConfigError
        If ``n_users`` or ``random_state`` is out of range.

    References
    ----------
    Persona cards: a published case of a consumer-electronics brand on a large Chinese marketplace (2025).
    Target-group shares: see ``personas.datasets.planted``.

    Examples
    --------
    >>> world = make_home_appliances(100, random_state=7)
    >>> world.users.num_rows, world.truth.column_names
    (100, ['user_id', 'persona'])
    """
    if not 1 <= n_users <= MAX_USERS:
        raise ConfigError(f"n_users is {n_users}; expected 1 to {MAX_USERS:,}.")
    if random_state < 0:
        raise ConfigError(f"random_state is {random_state}; expected a whole number of at least 0.")
    streams = np.random.default_rng(random_state).spawn(6)
    persona = streams[0].choice(len(PERSONAS), size=n_users, p=PERSONA_SHARES)
    age = _draw(age_shares(), persona, streams[1])
    user_ids = _numbered("U", np.arange(1, n_users + 1), 7)
    tags = _draw_texts(TAG_MARGINALS, persona, streams[3])
    profile = {
        "用户ID": user_ids,
        "年龄": pa.array(AGES[age].astype(np.int64), mask=_missing(n_users, streams[1])),
        **_draw_texts(PROFILE_MARGINALS, persona, streams[1]),
        "京享值": _membership_values(persona, streams[2]),
        **tags,
    }
    return World(
        users=pa.table(profile),
        events=make_events(user_ids, persona, streams[4]),
        identifiers=_make_identifiers(user_ids, tags["当前手机品牌"], streams[5]),
        consents=_make_consents(user_ids, AGES[age] < 18, streams[5]),
        truth=pa.table({"user_id": user_ids, "persona": pa.array(np.array(PERSONAS)[persona])}),
        window=WINDOW,
    )


def _missing(n: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    return rng.random(n) < MISSING_SHARE


def _draw(shares: Floats, persona: Integers, rng: np.random.Generator) -> Integers:
    """Draw one column of ``shares`` per user, by the row of the user's persona."""
    cumulated = shares.cumsum(axis=1)
    cumulated[:, -1] = np.inf
    dart = rng.random(len(persona))
    code = np.empty(len(persona), dtype=np.int64)
    for row, edges in enumerate(cumulated):
        chosen = persona == row
        code[chosen] = np.searchsorted(edges, dart[chosen], side="right")
    return code


def _draw_texts(
    marginals: dict[str, Marginal], persona: Integers, rng: np.random.Generator
) -> dict[str, pa.Array]:
    columns = {}
    for name, marginal in marginals.items():
        code = _draw(marginal.shares, persona, rng)
        missing = _missing(len(persona), rng)
        if name in _ASKED_UNKNOWN:
            asked = missing & (rng.random(len(persona)) < 0.5)
            code[asked] = len(marginal.levels)
            missing &= ~asked
        columns[name] = pa.array([*marginal.levels, "未知"]).take(pa.array(code, mask=missing))
    return columns


def _membership_values(persona: Integers, rng: np.random.Generator) -> pa.Array:
    noise = rng.standard_normal(len(persona))
    value = np.exp(MEMBERSHIP_LOG_MEAN[persona] + MEMBERSHIP_LOG_SD[persona] * noise)
    whole = np.maximum(np.rint(value), 1).astype(np.int64)
    return pa.array(whole, mask=_missing(len(persona), rng))


def _numbered(prefix: str, numbers: Integers, width: int) -> pa.Array:
    digits = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), width, "0")
    return pc.binary_join_element_wise(prefix, digits, "")


def _keep(values: pa.Array, share: float, rng: np.random.Generator) -> pa.Array:
    return pc.if_else(pa.array(rng.random(len(values)) < share), values, pa.scalar(None, pa.string()))


def _make_identifiers(user_ids: pa.Array, phone_brand: pa.Array, rng: np.random.Generator) -> pa.Table:
    """Make identifiers that look like a source's: several spellings, gaps, reset advertising ids."""
    n = len(user_ids)
    apple = pc.fill_null(pc.equal(phone_brand, "Apple"), fill_value=False)
    advertising_id = _advertising_ids(n, rng)
    reset = pa.array(rng.random(n) < 0.3)
    idfa = pc.if_else(reset, "00000000-0000-0000-0000-000000000000", advertising_id)
    nothing = pa.scalar(None, pa.string())
    names = _numbered("user", rng.permutation(n) + 1, 7)
    upper = pa.array(rng.random(n) < 0.05)
    email = pc.binary_join_element_wise(
        pc.if_else(upper, pc.utf8_upper(names), names), pc.if_else(upper, "Example.com", "example.com"), "@"
    )
    return pa.table(
        {
            "用户ID": user_ids,
            "邮箱": _keep(email, 0.6, rng),
            "手机号": _keep(_phones(n, rng), 0.85, rng),
            "IMEI": pc.if_else(apple, nothing, _keep(_imeis(n, rng), 0.5, rng)),
            "IDFA": pc.if_else(apple, idfa, nothing),
            "OAID": pc.if_else(apple, nothing, _keep(pc.utf8_lower(advertising_id), 0.7, rng)),
        }
    )


def _phones(n: int, rng: np.random.Generator) -> pa.Array:
    digits = _numbered("19900", rng.permutation(MAX_USERS)[:n], 6)
    first, middle, last = (pc.utf8_slice_codeunits(digits, *cut) for cut in ((0, 3), (3, 7), (7, 11)))
    spelling = pa.array(rng.choice(3, size=n, p=[0.8, 0.1, 0.1]))
    return pc.choose(
        spelling,
        digits,
        pc.binary_join_element_wise("+86 ", first, " ", middle, " ", last, ""),
        pc.binary_join_element_wise(first, middle, last, "-"),
    )


def _imeis(n: int, rng: np.random.Generator) -> pa.Array:
    """15 digits of the test range (reporting body 00) with a valid Luhn digit."""
    digits = np.zeros((n, 14), dtype=np.int64)
    digits[:, 2:] = rng.integers(0, 10, size=(n, 12))
    doubled = digits[:, 1::2] * 2
    total = digits[:, ::2].sum(axis=1) + (doubled - 9 * (doubled > 9)).sum(axis=1)
    number = digits @ 10 ** np.arange(13, -1, -1)
    return _numbered("", number * 10 + (-total) % 10, 15)


def _advertising_ids(n: int, rng: np.random.Generator) -> pa.Array:
    blocks = [pd.Series(rng.integers(0, 16**w, size=n)).map(f"{{:0{w}X}}".format) for w in (4, 3, 3, 12)]
    a, b, c, d = (pa.array(block, pa.string()) for block in blocks)
    return pc.binary_join_element_wise(
        "DEC0DE00",
        a,
        pc.binary_join_element_wise("4", b, ""),
        pc.binary_join_element_wise("8", c, ""),
        d,
        "-",
    )


def _make_consents(user_ids: pa.Array, is_minor: NDArray[np.bool_], rng: np.random.Generator) -> pa.Table:
    def answers(share: float) -> pa.Array:
        return pc.if_else(pa.array(rng.random(len(user_ids)) < share), "是", "否")

    return pa.table(
        {
            "用户ID": user_ids,
            "营销同意": _keep(answers(0.80), 0.95, rng),
            "第三方共享同意": _keep(answers(0.60), 0.95, rng),
            "画像同意": answers(0.99),
            "退订": answers(0.02),
            "注销申请": answers(0.002),
            "未成年": pc.if_else(pa.array(is_minor), "是", "否"),
            "法域": pa.repeat("CN", len(user_ids)),
        }
    )
