from __future__ import annotations

from datetime import date, timedelta

import pytest

from personas.report.colours import persona_colours
from personas.report.drift_view import N_MONITORINGS, N_SHOWN, drift_view
from personas.report.figures import Figures


def _view(past, monitorings=None, language="en"):
    monitorings = past.history().monitorings if monitorings is None else monitorings
    return drift_view(monitorings, {"P01": "Cooks"}, persona_colours(past.NAMES), Figures(language))


def test_the_advice_comes_with_its_reasons(past):
    view = _view(past)

    assert (view.advice, view.is_alarm) == ("Advice: train anew", True)
    assert view.reasons == ("age changed very much",)
    assert view.features_title == "Features (1 of 3 drifted)"
    assert view.notes == ("one feature was not compared",)


def test_no_alarm_without_a_drift(past):
    view = _view(past, [past.monitoring(past.DECEMBER, psi=0.01)], "zh-CN")

    assert (view.advice, view.is_alarm) == ("建议：继续使用", False)


def test_small_charts_show_every_monitoring_against_its_limit(past):
    spark = _view(past).features[0].spark

    assert [bar.look for bar in spark.bars] == ["within", "over"]
    assert [bar.height for bar in spark.bars] == [10.0, 100.0]
    assert spark.said == "2024-12-20: PSI 0.010, limit 0.050; 2025-01-10: PSI 0.300, limit 0.050"


def test_bars_of_another_model_are_told_apart(past):
    monitorings = [past.monitoring(past.NOVEMBER, version=past.V1), past.monitoring(past.DECEMBER)]

    assert [bar.look for bar in _view(past, monitorings).features[0].spark.bars] == ["over another", "over"]


def test_one_monitoring_has_no_trend(past):
    assert not _view(past, [past.monitoring(past.DECEMBER)]).has_trend


def test_a_long_past_is_cut_and_fits_its_chart(past):
    days = [date(2023, 1, 1) + timedelta(days=30 * i) for i in range(30)]
    bars = _view(past, [past.monitoring(day) for day in days]).features[0].spark.bars

    assert len(bars) == N_MONITORINGS
    assert bars[-1].x + bars[-1].width == pytest.approx(100, abs=1)


def test_a_spread_that_can_not_be_compared_has_neither_limit_nor_bars(past):
    line = _view(past).answers[1]

    assert (line.psi, line.limit, line.spark.bars, line.now) == ("–", "–", (), "hidden")


def test_only_the_first_features_are_shown(past):
    view = _view(past, [past.monitoring(past.DECEMBER, n_features=50)])

    assert len(view.features) == N_SHOWN
    assert view.n_further == 40


def test_portraits_have_their_distance_in_words(past):
    known, unknown = _view(past).personas

    assert (known.chip.name, known.distance, known.band) == ("Cooks", "0.350", "some difference")
    assert (known.bar, known.mark, known.is_drift, known.drivers) == (35.0, 10.0, True, "age")
    assert (unknown.chip.name, unknown.distance, unknown.limit, unknown.bar) == ("Persona 3", "–", "–", 0.0)
