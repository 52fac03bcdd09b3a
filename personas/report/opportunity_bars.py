"""Opportunities: share gaps against the market, what a segment prefers, white space, next offers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from personas.category.small_cells import HIDDEN
from personas.model.traits import SIGNIFICANT
from personas.report.analysis_tables import AnalysisTables, value_of
from personas.report.plain_table import PlainTable, plain_table

if TYPE_CHECKING:
    import pandas as pd

AVERAGE: Final = 100
N_GAPS: Final = 15
N_PREFERRED: Final = 8
N_FITTING: Final = 8
N_FURTHER: Final = 20
"""Rows that are shown at most; the downloads have all (own choice)."""

_BARS: Final = {"wide_tags": "n_users", "wide_overlap": "n_users", "lookalikes": "precision"}
"""Column of a table that is drawn, too: how tags overlap, and how precision falls as an audience grows."""

_CAMPAIGNS: Final = ("bundles", "rival_items", "wide_audience", "wide_tags", "wide_overlap", "lookalikes")
"""Tables that are shown as they are; the items of bundles are in the download."""


@dataclass(frozen=True, slots=True)
class GapRow:
    """A segment in a category: its share at the brand and on the market, on one axis from 0 to ``GapRow.end``.

    Parameters
    ----------
    category, segment : str
        Names.
    brand_share, market_share, gap, headroom, index : str
        Figures.
    brand_mark, market_mark : float, 0 to 100
        Places on the axis.
    is_gap : bool
        Whether the brand's share is the smaller one.
    significant : bool
        Whether the difference is.
    brand_growth, market_growth : str
        Growth of the segment's buyers; empty = not known.
    """

    category: str
    segment: str
    brand_share: str
    market_share: str
    gap: str
    headroom: str
    index: str
    brand_mark: float
    market_mark: float
    is_gap: bool
    significant: bool
    brand_growth: str
    market_growth: str


@dataclass(frozen=True, slots=True)
class PreferenceList:
    """What one segment prefers, the most preferred first."""

    segment: str
    table: PlainTable


@dataclass(frozen=True, slots=True)
class OpportunityPage:
    """What the report shows of an opportunity analysis.

    Parameters
    ----------
    gaps : tuple of GapRow
        The largest headroom first.
    gap_definition : str
        What is printed under them.
    preferences : tuple of (str, tuple of PreferenceList, str)
        Key of the table, a list per segment, and its definition.
    white_space : PlainTable or None
        Personas and categories that fit and are not bought.
    white_space_definition : str
        What is printed under it.
    offers : PlainTable or None
        Next offers by persona.
    offer_definition : str
        What is printed under it.
    campaigns : tuple of (str, PlainTable, str)
        Key of a further table, the table, and its definition where it is not that of the next one, too.
    """

    gaps: tuple[GapRow, ...]
    gap_definition: str
    preferences: tuple[tuple[str, tuple[PreferenceList, ...], str], ...]
    white_space: PlainTable | None
    white_space_definition: str
    offers: PlainTable | None
    offer_definition: str
    campaigns: tuple[tuple[str, PlainTable, str], ...]


def opportunity_page(tables: AnalysisTables) -> OpportunityPage | None:
    """Write out the opportunities; None without any."""
    gaps, space, offers = (tables.table(key) for key in ("gaps", "white_space", "offers"))
    preferences = tuple(
        (key, _preferences(found, tables), _of_all_segments(key, found, tables))
        for key in ("preferences", "item_preferences")
        if (found := tables.table(key)) is not None
    )
    campaigns = _campaigns(tables)
    if gaps is None and space is None and offers is None and not (preferences or campaigns):
        return None
    return OpportunityPage(
        gaps=() if gaps is None else _gap_rows(gaps, tables),
        gap_definition="" if gaps is None else tables.definition("gaps"),
        preferences=preferences,
        white_space=None if space is None else _white_space(space, tables),
        white_space_definition="" if space is None else tables.definition("white_space"),
        offers=None if offers is None else _whole(offers, tables),
        offer_definition="" if offers is None else tables.definition("offers"),
        campaigns=campaigns,
    )


def _gap_rows(gaps: pd.DataFrame, tables: AnalysisTables) -> tuple[GapRow, ...]:
    shown = gaps[~gaps[HIDDEN]].dropna(subset=["brand_share", "market_share"]).head(N_GAPS)
    end = max(shown[["brand_share", "market_share"]].max().max(), 1e-9) if len(shown) else 1.0
    figures = tables.figures
    rows = []
    for row in shown.to_dict("records"):
        q, gap = value_of(row["q_value"]), row["gap"]
        growths = [value_of(row.get(f"{side}_growth")) for side in ("brand", "market")]
        rows.append(
            GapRow(
                category=tables.name(row["category"]),
                segment=tables.name(row["segment"]),
                brand_share=figures.percent(row["brand_share"]),
                market_share=figures.percent(row["market_share"]),
                gap=figures.points(100 * gap),
                headroom=figures.count(round(max(0.0, row["headroom"]))),
                index=figures.index(value_of(row["index"])),
                brand_mark=round(100 * row["brand_share"] / end, 2),
                market_mark=round(100 * row["market_share"] / end, 2),
                is_gap=gap > 0,
                significant=q is not None and q < SIGNIFICANT,
                brand_growth="" if growths[0] is None else figures.change(growths[0]),
                market_growth="" if growths[1] is None else figures.change(growths[1]),
            )
        )
    return tuple(rows)


def _preferences(found: pd.DataFrame, tables: AnalysisTables) -> tuple[PreferenceList, ...]:
    """List what each segment surely buys more than others do, ranked from 1; the rest is in the download."""
    ranks = ("rank", "market_rank") if "market_rank" in found else ()
    columns = (
        *("category", "item_id", "brand", "segment_share", "others_share", "tgi", "market_tgi"),
        *ranks,
        *("tgi_to_market", "q_value"),
    )
    liked = found[~found[HIDDEN] & (found["tgi"] > AVERAGE) & (found["q_value"] < SIGNIFICANT)]
    liked = liked.assign(rank=liked.groupby("segment").cumcount() + 1)
    return tuple(
        PreferenceList(
            tables.name(segment),
            plain_table(liked[liked["segment"] == segment], columns, tables, n_rows=N_PREFERRED),
        )
        for segment in dict.fromkeys(liked["segment"])
    )


def _of_all_segments(key: str, found: pd.DataFrame, tables: AnalysisTables) -> str:
    """Return a definition once, with all segments, where it is written out for each of them."""
    names = [tables.name(segment) for segment in dict.fromkeys(found["segment"])]
    lines = tables.definition(key).splitlines()
    if len(lines) != len(names):
        return "\n".join(lines)
    cut = [line.partition(name) for line, name in zip(lines, names, strict=True)]
    if len({(before, after) for before, _, after in cut}) > 1:
        return "\n".join(lines)
    return f"{cut[0][0]}{tables.figures.join(names)}{cut[0][2]}"


def _white_space(space: pd.DataFrame, tables: AnalysisTables) -> PlainTable | None:
    """Write out what fits, persona by persona, each with what most further buyers are expected of."""
    fitting = space[space["fits"].astype("bool") & ~space[HIDDEN]]
    if fitting.empty:
        return None
    shown = fitting.groupby("persona_id").head(N_FITTING).sort_values("persona_id", kind="stable")
    columns = ("persona_id", "category", "n_open", "n_users", "share", "base_share", "tgi", "q_value")
    written = plain_table(shown.reset_index(drop=True), columns, tables, n_rows=len(shown))
    return replace(written, n_further=len(fitting) - len(shown))


def _campaigns(tables: AnalysisTables) -> tuple[tuple[str, PlainTable, str], ...]:
    """Write out bundles, rivals' items, wide audiences and look-alikes, as far as they were asked for."""
    found = [(key, table) for key in _CAMPAIGNS if (table := tables.table(key)) is not None]
    last = {tables.definition(key): key for key, _ in found}  # of several tables with one definition
    return tuple(
        (key, _whole(table, tables, bars=_BARS.get(key, "")), definition if last[definition] == key else "")
        for key, table in found
        for definition in [tables.definition(key)]
    )


def _whole(table: pd.DataFrame, tables: AnalysisTables, *, bars: str = "") -> PlainTable:
    columns = [str(n) for n in table.columns if n != HIDDEN]
    return plain_table(table, columns, tables, n_rows=N_FURTHER, bars=bars)
