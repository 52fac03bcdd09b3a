"""Analyses as they are kept: tables, the sentence under each, and the names that people read."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import pyarrow as pa
from pyarrow import csv

from personas.errors import DataError, NotFoundError
from personas.schema import Text

if TYPE_CHECKING:
    import pandas as pd

Verb = Literal["attach", "scenes", "flow", "sequence", "growth", "opportunity", "ladder"]
"""What was analysed."""

VERBS: Final[tuple[Verb, ...]] = get_args(Verb)

FILE: Final = "analysis.json"
"""Everything but the tables, which stand beside it as CSV files."""

_KEY = re.compile(r"[a-z][a-z0-9_]{0,60}")
_IDS: Final = ("user_id", "order_id", "order_key")
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet runs when it opens a CSV file (OWASP, "CSV Injection")."""

_TYPES: Final = {
    "str": pa.string(),
    "int64": pa.int64(),
    "Int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "boolean": pa.bool_(),
}
"""Type of a column in memory -> in the file. Missing is an unquoted nothing, empty text a quoted one."""

Kind = str | list[str]
"""Name of a pandas type, or the levels of an ordered Categorical, the lowest first."""


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """What one look at the categories found, ready to be kept, drawn and printed.

    Parameters
    ----------
    verb : {"attach", "scenes", "flow", "sequence", "growth", "opportunity", "ladder"}
        What was analysed.
    as_of : date
        First day that was not seen.
    tables : mapping of str to DataFrame
        Key in snake_case -> a result table of this room or of the audience room; of counts and rates, never
        one row per user.
    definitions : mapping of str to Text
        Key of a table -> the sentence to be printed under it.
    parameters : mapping of str to JSON-ready value
        What the analysis was asked for.
    labels : mapping of str to Text
        Id of a category, scene, stage or persona in the tables -> name for people.

    Raises
    ------
    DataError
        If the verb is unknown, a key is no file name, a table has no definition (or the other way round), holds
        ids of users or orders, or has a column of a type that is not kept (text, whole number, number, flag,
        ordered levels).

    Notes
    -----
    What is kept has no small cells, see :func:`personas.category.small_cells.hide_small_cells`; the further column
    ``hidden`` says where they were. Tables by verb; a table is absent when nothing was asked or known of it:

    * attach: ``matrix`` (:class:`AttachMatrix`), ``association`` (:class:`Association`);
    * scenes: ``scenes`` (one row per scene: ``scene_id``, ``hero``, ``n_categories``, ``n_users``, ``n_main`` = users
      whose main scene it is, ``stability``, ``verdict_zh``, ``verdict_en``, ``caution``: see
      :func:`personas.category.scene_cautions.scene_cautions`), ``members`` and ``pairs`` (:class:`SceneSet`), ``grid`` (:class:`PersonaSceneGrid`);
    * flow: ``cells``, ``rows``, ``columns`` (:class:`CategoryFlow`), and with a third period ``change_cells``,
      ``change_rows``, ``change_columns`` (:class:`FlowComparison`);
    * sequence: ``next_category``, ``direction``, ``paths``, and of groups of categories ``next_group``,
      ``direction_group``;
    * growth: ``growth_share`` (:class:`GrowthShare`), ``decomposition`` (:class:`Decomposition`), ``indicators``
      (:class:`KpiTable` of several, the first column is ``indicator``), ``penetration``, ``conversion``;
    * opportunity: ``gaps`` (ShareGaps), ``preferences`` and ``item_preferences`` (Preferences; the first column is
      ``segment``), ``white_space`` (WhiteSpace), ``offers`` (NextOffers by persona), ``bundles`` and
      ``bundle_items`` (Bundles), ``rival_items`` (Interception), ``wide_audience`` (one row: ``code`` for the outside,
      ``n_users``), ``wide_tags`` (with ``tag_weight``) and ``wide_overlap`` (WideAudience), ``lookalikes`` (the curve
      of Lookalikes, with ``segment`` and ``auc``);
    * ladder: ``stages`` and ``sub_stages`` (StageCounts), ``flow``, ``movements``, ``totals`` (:class:`StageFlow`:
      cells, stages, totals); the first column is ``ladder``.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"row": ["门锁"], "column": ["猫眼"], "rate": [0.25]})
    >>> found = Analysis("attach", date(2026, 1, 1), {"matrix": table}, {"matrix": Text("连带率", "Attach rate")},
    ...                  {"unit": "user"}, {"门锁": Text("门锁", "door lock")})
    >>> found.label("门锁").en, found.label("猫眼").en
    ('door lock', '猫眼')
    """

    verb: str
    as_of: date
    tables: Mapping[str, pd.DataFrame]
    definitions: Mapping[str, Text]
    parameters: Mapping[str, Any]
    labels: Mapping[str, Text]

    def __post_init__(self) -> None:
        if self.verb not in VERBS:
            raise DataError(f"The verb is {self.verb!r}; expected one of {', '.join(VERBS)}.")
        unsafe = [key for key in self.tables if not _KEY.fullmatch(key)]
        if unsafe:
            raise DataError(
                f"A table is called {unsafe[0]!r}; expected a key in snake_case, such as next_category."
            )
        alone = sorted(self.tables.keys() ^ self.definitions.keys())
        if alone:
            raise DataError(
                f"{', '.join(alone)}: a table without a definition, or a definition without a table; expected one "
                "of each, as no table is shown without the sentence that says what it counts."
            )
        for key, table in self.tables.items():
            _column_kinds(key, table)

    def label(self, name: str) -> Text:
        """Return the name of an id for people; an id without one stands for itself."""
        return self.labels.get(name, Text(name, name))


def analysis_to_files(analysis: Analysis) -> dict[str, bytes]:
    """Return an analysis as files: ``analysis.json`` and one CSV per table.

    Parameters
    ----------
    analysis : Analysis
        What is kept.

    Returns
    -------
    dict of str to bytes
        File name -> UTF-8 content; the same analysis gives the same bytes. Numbers have as many digits as bring
        them back exactly. A text that a spreadsheet would run as a formula has an apostrophe in front, which
        :func:`read_analysis` takes away.

    Raises
    ------
    DataError
        If the parameters are not JSON-ready.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"row": ["门锁"], "rate": [0.25]})
    >>> files = analysis_to_files(
    ...     Analysis("attach", date(2026, 1, 1), {"matrix": table}, {"matrix": Text("连带率", "Attach rate")}, {}, {}))
    >>> print(files["matrix.csv"].decode(), end="")
    "row","rate"
    "门锁",0.25
    """
    kinds = {key: _column_kinds(key, table) for key, table in analysis.tables.items()}
    content = {
        "verb": analysis.verb,
        "as_of": analysis.as_of.isoformat(),
        "tables": {key: _kinds_to_json(kinds[key]) for key in analysis.tables},
        "definitions": {key: _text_to_json(analysis.definitions[key]) for key in analysis.tables},
        "parameters": dict(analysis.parameters),
        "labels": {key: _text_to_json(analysis.labels[key]) for key in sorted(analysis.labels)},
    }
    try:
        written = json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"The parameters can't be written as JSON ({error}); pass plain, finite values."
        ) from None
    files = {FILE: (written + "\n").encode()}
    for key, table in analysis.tables.items():
        files[f"{key}.csv"] = _write_table(table, kinds[key])
    return files


def read_analysis(folder: Path) -> Analysis:
    """Read an analysis back from its files.

    Parameters
    ----------
    folder : Path
        Holds what :func:`analysis_to_files` returned; other files are not looked at.

    Returns
    -------
    Analysis
        Tables with the types that they were written with.

    Raises
    ------
    NotFoundError
        If a file is not there.
    DataError
        If a file is damaged.
    """
    path = folder / FILE
    if not path.is_file():
        raise NotFoundError(f"{folder} holds no {FILE}; expected the folder of an analysis.")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        kinds = {key: _kinds_from_json(found) for key, found in content["tables"].items()}
        return Analysis(
            verb=content["verb"],
            as_of=date.fromisoformat(content["as_of"]),
            tables={key: _read_table(folder / f"{key}.csv", found) for key, found in kinds.items()},
            definitions={key: Text(**text) for key, text in content["definitions"].items()},
            parameters=content["parameters"],
            labels={key: Text(**text) for key, text in content["labels"].items()},
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            f"{path}: not an analysis, or damaged ({type(error).__name__}); expected the files as they were written. "
            "Run the analysis again."
        ) from None


def _column_kinds(key: str, table: pd.DataFrame) -> dict[str, Kind]:
    import pandas as pd

    kinds: dict[str, Kind] = {}
    for name, column in table.items():
        if name in _IDS:
            raise DataError(
                f"The table {key} has the column {name}; an analysis holds counts, never ids of users."
            )
        kind: Kind = str(column.dtype)
        if isinstance(column.dtype, pd.CategoricalDtype):
            kind = [str(level) for level in column.cat.categories]
        elif kind == "object" and pd.api.types.infer_dtype(column, skipna=True) in ("string", "empty"):
            kind = "str"
        elif kind not in _TYPES:
            raise DataError(
                f"The column {name} of the table {key} has the type {kind}; expected one of {', '.join(_TYPES)}, or "
                "ordered levels."
            )
        kinds[str(name)] = kind
    return kinds


def _kinds_to_json(kinds: Mapping[str, Kind]) -> list[dict[str, Any]]:
    return [{"column": name, "type": kind} for name, kind in kinds.items()]


def _kinds_from_json(found: list[dict[str, Any]]) -> dict[str, Kind]:
    return {column["column"]: column["type"] for column in found}


def _text_to_json(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def _schema(kinds: Mapping[str, Kind]) -> pa.Schema:
    return pa.schema([(name, pa.string() if isinstance(k, list) else _TYPES[k]) for name, k in kinds.items()])


def _is_guarded(text: object) -> bool:
    """Return whether a text starts a formula, apostrophes in front of it aside: so that none is lost."""
    return isinstance(text, str) and text.lstrip("'").startswith(_FORMULA_STARTS)


def _write_table(table: pd.DataFrame, kinds: Mapping[str, Kind]) -> bytes:
    plain = table.astype({name: "str" for name, kind in kinds.items() if isinstance(kind, list)})
    for name in [name for name, kind in kinds.items() if isinstance(kind, list) or kind == "str"]:
        guarded = plain[name].map(_is_guarded).astype(bool)
        plain[name] = plain[name].mask(guarded, "'" + plain[name])
    arrow = pa.Table.from_pandas(plain, _schema(kinds), preserve_index=False)
    sink = io.BytesIO()
    csv.write_csv(arrow, sink, csv.WriteOptions(quoting_style="needed"))
    return sink.getvalue()


def _read_table(path: Path, kinds: Mapping[str, Kind]) -> pd.DataFrame:
    import pandas as pd

    if not path.is_file():
        raise NotFoundError(
            f"{path} does not exist; expected every table beside {FILE}. Run the analysis again."
        )
    options = csv.ConvertOptions(
        column_types=_schema(kinds),
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        null_values=[""],
        include_columns=list(kinds),
    )
    # Values may hold line breaks, since names come from the data.
    arrow = csv.read_csv(
        path, parse_options=csv.ParseOptions(newlines_in_values=True), convert_options=options
    )
    columns = {}
    for name, kind in kinds.items():
        values = arrow[name].to_pylist()
        if isinstance(kind, list) or kind == "str":
            values = [text[1:] if _is_guarded(text) and text[0] == "'" else text for text in values]
        if isinstance(kind, list):
            columns[name] = pd.Series(pd.Categorical(values, categories=kind, ordered=True))
        else:
            columns[name] = pd.Series(values, dtype=kind)
    return pd.DataFrame(columns)
