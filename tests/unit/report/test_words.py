"""The table of texts is complete, and nothing in it is dead."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import personas.report
from personas.category.analysis import VERBS
from personas.category.association import TIERS
from personas.category.growth_share import METRICS as GROWTH_METRICS
from personas.model.base import NameSource
from personas.model.identity import KINDS as EVENT_KINDS
from personas.monitor.base import ReferenceKind, Verdict
from personas.report.quality import METRICS
from personas.report.words import GLOSSARY, SECTIONS, STRATEGY_GLOSSARY, WORDS, say_or
from personas.schema import BLOCKS, KINDS
from personas.scoring.base import STATUSES
from personas.selection.base import MEASURES, NULLS, Yardstick

ROOM = Path(personas.report.__file__).parent
SOURCES = [
    p for p in sorted(ROOM.rglob("*")) if p.suffix in {".py", ".html"} and not p.name.startswith("words")
]

# Keys that are put together at run time: prefix -> what may follow it.
FAMILIES = {
    "foretold_by.": ("next_window", "own_counts"),
    "nav.": (*SECTIONS, *VERBS, "since"),
    "tier.": TIERS,
    "download.": ("rows", "first_rows"),
    "growth.x_": ("internal", "relative"),
    "growth.metric.": GROWTH_METRICS,
    "sequence.": ("next_category", "next_group"),
    "ladder.": ("up", "same", "down"),
    "since.kind.": EVENT_KINDS,
    "since.moves.": ("models", "dates", "entered", "left"),
    "since.reference.": ReferenceKind.__args__,
    "since.advice.": Verdict.__args__,
    "since.verdict.": ("passed", "failed", "untold"),
    "since.table.": ("events", "lineage", "moves-models", "moves-dates", "drift", "portraits", "gate"),
    "block.": BLOCKS,
    "kind.": KINDS,
    "status.": STATUSES,
    "role.": ("input", "signal", "profile", "protected"),
    "cards.source.": NameSource.__args__,
    "headline.stability.": ("excellent", "stable", "weak"),
    "headline.": ("kept_share", "assigned_share", "mean_confidence", "fidelity", "noise_share"),
    "metric.": [f"{name}.{part}" for name in METRICS for part in ("name", "read")],
    "notes.identity.": ("clear", "some", "one", "none"),
    "measure.": MEASURES,
    "null_table.": NULLS,
    "judged_by.": Yardstick.__args__,
    "data.features_summary": ("", "_signals"),
    "chart.": [f"{name}.{part}" for name in ("stability", "bic") for part in ("title", "read")],
    "glossary.": [
        f"{t}.{part}"
        for t in (*GLOSSARY, *STRATEGY_GLOSSARY)
        for part in ("term", "plain", "formula", "source")
    ],
}
# Words of other rooms that are translated when they are known.
OPEN_FAMILIES = (
    *("unit.", "null.", "table.", "fault.", "dropped.", "left_out.", "clusterer.", "parameter."),
    *("select.", "data.said.", "data.left_out"),  # keys of a table that is looped over
    *("result.", "result_word.", "column."),  # tables, words and columns of analyses
)


def _literal_keys() -> set[str]:
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    return set(re.findall(r"""\b(?:t|say)\(\s*["']([a-z_]+\.[a-zA-Z0-9_.]+)["']\s*[,)]""", text)) | set(
        re.findall(r"""\b(?:t|say)\(\s*["']([a-z_]+\.[a-z_]+)["'] if""", text)
    )


def _family_keys() -> set[str]:
    return {f"{prefix}{name}" for prefix, names in FAMILIES.items() for name in names}


@pytest.mark.parametrize("key", WORDS)
def test_every_text_exists_in_both_languages(key: str) -> None:
    text = WORDS[key]

    assert text.zh.strip()
    assert text.en.strip()
    assert set(re.findall(r"\{[a-z]+\}", text.zh)) == set(re.findall(r"\{[a-z]+\}", text.en))
    assert not re.search(r"[\u4e00-\u9fff]", text.en)


def test_every_key_that_is_asked_for_exists() -> None:
    assert (_literal_keys() | _family_keys()) - set(WORDS) == set()


def test_no_key_is_unused() -> None:
    used = _literal_keys() | _family_keys() | {key for key in WORDS if key.startswith(OPEN_FAMILIES)}

    assert set(WORDS) - used == set()


def test_unknown_words_of_other_rooms_stay_as_they_are() -> None:
    assert say_or("fault.outside 0 to 110", "outside 0 to 110", "zh-CN") == "outside 0 to 110"
