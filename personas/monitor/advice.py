"""What to do about drift: all rules in one place, and their reasons in words.

Retrain when the answers no longer fit the people: the personas share users out otherwise, many more users
are uncertain or like nobody of the training, a persona looks like somebody else, or a feature that answers
are computed from has changed beyond recognition. Recalibrate when anything else has surely moved: the
personas still hold, but the confidence, the limits and the cards were measured on other people. Keep
otherwise. The rules are our own choice; nothing here trains by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from personas.model.answers import STATUSES
from personas.monitor.base import Advice, Band, DriftRow, DriftRules, PersonaDrift
from personas.schema import Text

BAND_WORDS: dict[Band, Text] = {
    "nearly_identical": Text("几乎一致", "nearly identical"),
    "rather_similar": Text("较为相似", "rather similar"),
    "some_difference": Text("有一定差异", "some difference"),
    "clearly_different": Text("明显不同", "clearly different"),
}

_MOST_NAMED = 5


def advise(
    rows: Sequence[DriftRow],
    answers: Sequence[DriftRow],
    personas: Sequence[PersonaDrift],
    rules: DriftRules,
) -> Advice:
    """Return what to do.

    Parameters
    ----------
    rows : sequence of DriftRow
        Features, drifted ones first.
    answers : sequence of DriftRow
        What the model answered.
    personas : sequence of PersonaDrift
        Portraits.
    rules : DriftRules
        How much is how bad.

    Returns
    -------
    Advice
    """
    moved, told = [r for r in rows if r.shift.is_drift], [a for a in answers if a.shift.is_drift]
    changed = [p for p in personas if p.is_drift]
    bad_answers = [a for a in told if a.shift.psi >= rules.retrain_answer_psi and _is_worse(a)]
    strangers = [p for p in changed if (p.distance or 0.0) >= rules.retrain_distance]
    broken = [r for r in moved if r.is_scored and r.shift.psi >= rules.retrain_feature_psi]
    reasons = [
        *(_answer_reason(a) for a in bad_answers),
        *(_portrait_reason(p) for p in strangers),
        *_feature_reason(broken, "broken"),
    ]
    lesser = [
        *(_answer_reason(a) for a in told if a not in bad_answers),
        *(_portrait_reason(p) for p in changed if p not in strangers),
        *_feature_reason([r for r in moved if r.is_scored and r not in broken], "moved"),
        *_feature_reason([r for r in moved if not r.is_scored], "described"),
    ]
    if reasons:
        return Advice("retrain", tuple(reasons + lesser))
    if lesser:
        return Advice("recalibrate", tuple(lesser))
    return Advice("keep", (_keep_reason(rules),))


def _is_worse(answer: DriftRow) -> bool:
    """Tell bad news from good: fewer uncertain or strange users call for no training."""
    if answer.name in STATUSES:
        return (answer.share_now or 0.0) > (answer.share_before or 0.0)
    return answer.name == "persona_share"


def _keep_reason(rules: DriftRules) -> Text:
    return Text(
        f"没有任何分布的变化超出抽样波动加上可容忍的漂移（PSI {rules.tolerated_psi:g}）",
        f"nothing moved by more than chance and the tolerated drift (PSI {rules.tolerated_psi:g}) explain",
    )


def _answer_reason(answer: DriftRow) -> Text:
    shares = f"{_percent(answer.share_before)} → {_percent(answer.share_now)}"
    figures = f"PSI {answer.shift.psi:.3f} > {answer.shift.limit:.3f}"
    return Text(
        f"{answer.label.zh}变化：{answer.cell.zh} {shares}（{figures}）",
        f"{answer.label.en} moved: {answer.cell.en} {shares} ({figures})",
    )


def _portrait_reason(persona: PersonaDrift) -> Text:
    assert persona.band is not None
    words = BAND_WORDS[persona.band]
    drivers_zh = "、".join(driver.zh for driver in persona.drivers)
    drivers_en = ", ".join(driver.en for driver in persona.drivers)
    return Text(
        f"{persona.persona_id} {persona.name.zh}的画像与参照相比{words.zh}（距离 {persona.distance:.2f}；主要来自{drivers_zh}）",
        f"the portrait of {persona.persona_id} {persona.name.en} against the reference: {words.en} "
        f"(distance {persona.distance:.2f}; mostly {drivers_en})",
    )


_FEATURE_WORDS = {
    "broken": Text("个打分特征变化很大", "scored feature(s) changed very much"),
    "moved": Text("个打分特征漂移", "scored feature(s) drifted"),
    "described": Text(
        "个只用于描述的特征漂移，画像卡片可能已过时",
        "feature(s) that only cards tell of drifted, so the cards may be out of date",
    ),
}


def _feature_reason(rows: Sequence[DriftRow], what: str) -> list[Text]:
    if not rows:
        return []
    named = rows[:_MOST_NAMED]
    more = len(rows) > len(named)
    zh = "、".join(f"{r.label.zh}（PSI {r.shift.psi:.3f}）" for r in named) + ("等" if more else "")
    en = ", ".join(f"{r.label.en} (PSI {r.shift.psi:.3f})" for r in named) + (" ..." if more else "")
    words = _FEATURE_WORDS[what]
    return [Text(f"{len(rows)} {words.zh}：{zh}", f"{len(rows)} {words.en}: {en}")]


def _percent(share: float | None) -> str:
    return "<20" if share is None else f"{share:.1%}"
