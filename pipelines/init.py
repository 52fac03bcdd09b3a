"""Init: look at tables and draft the config; every guess carries its mark."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import yaml

from personas.engine import Source, open_engine
from personas.errors import ConfigError
from personas.schema.guess import ColumnGuess, Guess, guess_mapping
from personas.schema.tables import CATEGORY_TABLES, TABLES
from pipelines.config_file import load_config
from pipelines.console import command, say, shown, steps
from pipelines.init_category import guess_category_table
from pipelines.work_folder import replaced

SAMPLE_ROWS = 20_000
_CJK = re.compile(r"[\u4e00-\u9fff]")


def draft_config(tables: list[Path], output: Path, *, encoding: str, as_json: bool) -> None:
    """Write a config for the given tables; an existing file is never touched.

    Parameters
    ----------
    tables : list of Path
        Table files; which is which is guessed from columns and values.
    output : Path
        Config to write; paths in it are relative to its folder.
    encoding : str
        Of text files.
    as_json : bool
        Print JSON.

    Raises
    ------
    ConfigError
        If the output exists, no table looks like users, or two tables look like the same thing.
    """
    if output.exists():
        raise ConfigError(f"{shown(output)} exists; move it away, or choose another name with --output.")
    guesses = _guess_all(tables, encoding, as_json=as_json)
    text = _draft(guesses, output, encoding)
    with replaced(output) as partial:
        partial.write_text(text, encoding="utf-8")
        load_config(partial)
    left_out = [c.source for _, guess in guesses.values() for c in guess.columns if c.source and not c.target]
    open_questions = [
        f"  {name}.{c.target or c.source}: {c.reason}"
        for name, (_, guess) in guesses.items()
        for c in guess.columns
        if c.confidence == "unknown" or c.unmapped
    ]
    lines = [
        f"Wrote {shown(output)}: {', '.join(f'{name} from {path.name}' for name, (path, _) in guesses.items())}.",
        *(["Please look at:", *open_questions] if open_questions else []),
        *([f"Left out, with the reason in the file: {', '.join(left_out)}."] if left_out else []),
        f"Next: {command('check', output)}",
    ]
    result = {
        "config": output,
        "tables": list(guesses),
        "open_questions": open_questions,
        "left_out": left_out,
    }
    say(result, lines, as_json=as_json)


def _guess_all(tables: list[Path], encoding: str, *, as_json: bool) -> dict[str, tuple[Path, Guess]]:
    found: dict[str, tuple[Path, Guess]] = {}
    with (
        steps(quiet=as_json) as progress,
        tempfile.TemporaryDirectory() as scratch,
        open_engine(work_dir=Path(scratch)) as engine,
    ):
        for path in tables:
            with progress.step(f"look at {path.name}"):
                raw = engine.read(Source(path=path, encoding=encoding))
                sample = _sample(raw.table)
                guess = guess_category_table(sample) or guess_mapping(sample)
            if guess.table in found:
                raise ConfigError(
                    f"{path.name} and {found[guess.table][0].name} both look like {guess.table}; "
                    "give one of them, or write the config by hand."
                )
            found[guess.table] = (path, guess)
    if "users" not in found:
        raise ConfigError(
            f"None of {', '.join(p.name for p in tables)} looks like a table of users (one row per user); "
            "add it, it is the one table that can't be missing."
        )
    return {name: found[name] for name in (*TABLES, *CATEGORY_TABLES) if name in found}


def _sample(table: ir.Table) -> dict[str, list[Any]]:
    """Return some rows from all over the table: tables are often sorted, and rare levels come late."""
    columns = [c for c in table.columns if c not in ("_row", "_malformed")]
    every = max(1, int(table.count().to_pyarrow().as_py()) // SAMPLE_ROWS)
    rows = table.filter(table["_row"] % every == 0).select(columns)
    sample: dict[str, list[Any]] = rows.to_pyarrow().to_pydict()
    return sample


def _draft(guesses: dict[str, tuple[Path, Guess]], output: Path, encoding: str) -> str:
    words = [c.source for _, guess in guesses.values() for c in guess.columns]
    language = "zh-CN" if any(_CJK.search(word) for word in words) else "en"
    name = re.sub(r"[^\w-]+", "_", output.stem).strip("_")[:60] or "personas"
    lines = [
        "# Drafted by `personas init` from the names and sampled rows of the tables. Nothing is final: lines",
        "# marked 'guessed' deserve a look, lines marked 'unknown' need an answer.",
        "",
        f"name: {_scalar(name)}",
        f"language: {language}   # of names, cards and reports: zh-CN or en",
        "store: artifacts   # models and outputs, relative to this file",
        "",
        "sources:",
    ]
    for table, (path, guess) in guesses.items():
        place = os.path.relpath(path.resolve(), output.parent.resolve())
        lines += [f"  {table}:   # {guess.confidence}", f"    path: {_scalar(place)}"]
        if encoding.lower() not in ("utf-8", "utf8") and path.suffix.lower() not in (".parquet", ".xlsx"):
            lines.append(f"    encoding: {_scalar(encoding)}")
        lines += _mapping_lines(guess)
    attributes = guesses["users"][1].attributes
    if attributes:
        lines += ["", "attributes:"]
    for attribute in attributes:
        spec: dict[str, str] = {"kind": attribute.kind, "block": attribute.block}
        if attribute.unit:
            spec["unit"] = attribute.unit
        lines.append(f"  {_scalar(attribute.name)}:")
        lines += [f"    {key}: {_scalar(value)}" for key, value in spec.items()]
        if attribute.levels:
            lines.append(f"    levels: {_flow(list(attribute.levels))}")
        if attribute.label.zh:
            lines.append(f"    label: {_flow({'zh': attribute.label.zh, 'en': attribute.label.en})}")
    lines += [
        "",
        "features:",
        "  lookback_days: 365   # history before --as-of that features look at",
        "  protected: [gender]   # described on the cards, never clustered on",
        "",
        "personas:",
        "  n_personas: auto",
        "",
    ]
    return "\n".join(lines)


def _mapping_lines(guess: Guess) -> list[str]:
    mapping = guess.mapping
    by_target = {c.target: c for c in guess.columns if c.target}
    attributes = {attribute.name for attribute in guess.attributes}
    lines = ["    columns:"] if mapping.columns else ["    columns: {}"]
    for target, source in mapping.columns.items():
        lines.append(
            f"      {_scalar(target)}: {_scalar(source)}{_mark(by_target.get(target), target in attributes)}"
        )
    for c in guess.columns:
        if c.confidence == "unknown":
            lines.append(f"      # unknown: {c.target}: {c.reason}")
        elif not c.target:
            lines.append(f"      # {_one_line(c.source)}: {_one_line(c.reason)}")
    if mapping.values:
        lines.append("    values:")
        lines += [
            f"      {_scalar(column)}: {_flow(values)}   # guessed: what each value stands for"
            for column, values in mapping.values.items()
        ]
    if mapping.constants:
        lines.append(f"    constants: {_flow(mapping.constants)}")
    if mapping.date_formats:
        formats = {column: list(given) for column, given in mapping.date_formats.items()}
        lines.append(f"    date_formats: {_flow(formats)}")
    if mapping.strip_characters:
        lines.append(f"    strip_characters: {_flow(mapping.strip_characters)}")
    return lines


def _mark(guess: ColumnGuess | None, is_attribute: bool) -> str:
    """Mark a column unless its name and every sampled value are known; an attribute of the source's own never is."""
    if guess is None or (guess.confidence == "sure" and not is_attribute):
        return ""
    confidence = "guessed" if guess.confidence == "sure" else guess.confidence
    unmapped = f"; no canonical level for {', '.join(guess.unmapped)}" if guess.unmapped else ""
    return f"   # {confidence}: {_one_line(guess.reason + unmapped)}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _scalar(value: Any) -> str:
    return _flow(value).removesuffix("\n...").strip()


def _flow(value: Any) -> str:
    text: str = yaml.safe_dump(
        value, allow_unicode=True, default_flow_style=True, width=10**6, sort_keys=False
    )
    return text.strip().removesuffix("\n...").strip()
