"""Three monthly versions by hand: P04 splits off, P03 retires, P05 comes; a migration, two monitorings, a gate."""

from __future__ import annotations

from datetime import date

from personas.model.gate import GateCheck, GateReport
from personas.model.identity import Continuity, IdentityEvent
from personas.model.lineage import LineageRow
from personas.model.migration import ENTERED, LEFT, Migration, Move
from personas.monitor import Advice, DriftReport, DriftRow, DriftRules, PersonaDrift, Shift
from personas.report.history import CustomerMoves, History
from personas.schema import Text

OCTOBER, NOVEMBER, DECEMBER = date(2024, 11, 10), date(2024, 12, 10), date(2025, 1, 10)
V1, V2, V3 = "20241110T020000Z-1a1a1", "20241210T020000Z-2b2b2", "20250110T020000Z-3c3c3"
NAMES = {f"P{i:02d}": Text(f"人群{i}", f"Persona {i}") for i in range(1, 7)}


def row(version, persona_id, share, event=None, sources=()):
    days = {V1: (OCTOBER, None), V2: (NOVEMBER, V1), V3: (DECEMBER, V2)}
    as_of, champion = days[version]
    return LineageRow(version, as_of, champion, persona_id, NAMES[persona_id], share, event, sources)


def lineage():
    return (
        row(V1, "P01", 0.4),
        row(V1, "P02", 0.4),
        row(V1, "P03", 0.2),
        row(V2, "P01", 0.42, "kept", (("P01", 0.95), ("P03", 0.05))),
        row(V2, "P02", 0.23, "split", (("P02", 1.0),)),
        row(V2, "P04", 0.17, "split", (("P02", 0.97),)),
        row(V2, "P03", 0.18, "kept", (("P03", 1.0),)),
        row(V3, "P01", 0.55, "kept", (("P01", 0.75), ("P03", 0.2))),
        row(V3, "P02", 0.2, "kept", (("P02", 1.0),)),
        row(V3, "P04", 0.15, "kept", (("P04", 1.0),)),
        row(V3, "P05", 0.1, "new"),
        row(V3, "P03", 0.0, "retired"),
    )


def events():
    return (
        IdentityEvent("kept", "P01", n_users=4_000, overlap=0.76, distance=0.08),
        IdentityEvent("renamed", "P01", names=(NAMES["P01"], NAMES["P06"])),
        IdentityEvent("new", "P05", ("P01",), n_users=900, shares=(0.4,)),
        IdentityEvent("retired", "P03", ("P01",), n_users=None),
    )


def migration(between="models"):
    sources, targets = ("P01", "P03"), ("P01", "P05")
    n_sources = (4_000, 1_000)
    if between == "dates":
        sources, targets, n_sources = (*sources, ENTERED), (*targets, LEFT), (*n_sources, 0)
    counts = {("P01", "P01"): 3_900, ("P01", "P05"): 100, ("P03", "P01"): 1_000, ("P03", LEFT): None}
    moves = []
    for source, total in zip(sources, n_sources, strict=True):
        for target in targets:
            n = counts.get((source, target), 0)
            share = None if n is None or not total else n / total
            low, high = (None, None) if share is None else (max(0.0, share - 0.01), min(1.0, share + 0.01))
            moves.append(Move(source, target, n, share, low, high, value_share=share))
    n_targets = (4_900, 100) if between == "models" else (4_900, 100, None)
    return Migration(between, sources, targets, n_sources, n_targets, tuple(moves), 5_000, 0.78, 0.81)


def drift_row(name, psi, limit, *, is_scored=True, share_now=0.3):
    return DriftRow(
        name, Text(f"特征{name}", f"feature {name}"), is_scored, Shift(psi, psi / 3, limit / 2, limit),
        Text("高于 6", "above 6"), 0.2, share_now,
    )  # fmt: skip


def monitoring(as_of, version=V2, psi=0.3, n_features=3):
    rows = (
        drift_row("age", psi, 0.05),
        *(drift_row(f"f{i:02d}", 0.001, 0.05, is_scored=i > 1) for i in range(1, n_features)),
    )
    answers = (
        drift_row("persona_share", 0.01, 0.05),
        drift_row("out_of_distribution", 0.0, 0.0, share_now=None),
    )
    people = (
        PersonaDrift("P01", NAMES["P01"], 0.42, 0.5, 0.35, 0.1, "some_difference", (Text("年龄", "age"),)),
        PersonaDrift("P03", NAMES["P03"], 0.18, 0.0, None, 0.1, None),
    )
    advice = (
        Advice("retrain", (Text("年龄变化很大", "age changed very much"),))
        if psi > 0.05
        else Advice("keep", (Text("没有漂移", "nothing moved"),))
    )
    note = Text("一项特征未比较", "one feature was not compared")
    return DriftReport(
        version,
        as_of,
        5_200,
        "training",
        NOVEMBER,
        5_000,
        rows,
        answers,
        people,
        advice,
        DriftRules(),
        (note,),
    )


def gate():
    reason = Text("原因甲", "reason A")
    return GateReport(
        (
            GateCheck("structure", 1.0, None, 1.0, passed=True, reason=reason),
            GateCheck("taste", 0.351, 0.349, 0.314, passed=True, reason=reason),
            GateCheck("smallest_users", 900.0, 1_000.0, 20.0, passed=True, reason=reason),
            GateCheck(
                "kept_users", 0.78, None, 0.8, passed=False, reason=Text("0.780，太低", "0.780, too low")
            ),
            GateCheck(
                "kept_value", None, None, None, passed=True, reason=Text("没有消费额", "no spend is known")
            ),
        ),
        NOVEMBER,
    )


def continuity():
    return Continuity(NOVEMBER, "panel", events(), migration())


def history(**changes):
    fields = {
        "lineage": lineage(),
        "gate": gate(),
        "moves": CustomerMoves(NOVEMBER, DECEMBER, migration("dates")),
        "monitorings": (monitoring(date(2024, 12, 20), psi=0.01), monitoring(DECEMBER)),
    }
    return History(**{**fields, **changes})
