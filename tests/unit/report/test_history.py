from __future__ import annotations

from dataclasses import replace
from datetime import date


def test_a_version_goes_back_to_the_champions_before_it(past):
    columns = past.history().columns(past.V3)

    assert [column[0].version for column in columns] == [past.V1, past.V2, past.V3]


def test_a_challenger_that_nothing_came_of_is_left_out(past):
    refused = replace(past.row(past.V2, "P06", 1.0), version="20241215T020000Z-4d4d4")
    history = past.history(lineage=(*past.lineage(), refused))

    assert [column[0].version for column in history.columns(past.V3)] == [past.V1, past.V2, past.V3]


def test_a_version_that_is_not_known_has_no_lineage(past):
    assert past.history().columns("another") == ()
    assert len(past.history(lineage=past.lineage()[3:]).columns(past.V3)) == 2


def test_a_model_that_nobody_watched_yet_shows_how_its_predecessor_fared(past):
    seen = past.history().watched(past.V3, past.DECEMBER)

    assert [report.as_of for report in seen] == [date(2024, 12, 20), past.DECEMBER]
    assert seen[-1].model_version == past.V2


def test_a_model_that_was_watched_shows_its_own_last_monitoring(past):
    own = past.monitoring(date(2025, 2, 1), version=past.V3)
    later = past.monitoring(date(2025, 3, 1))
    history = past.history(monitorings=(past.monitoring(past.DECEMBER), own, later))

    assert history.watched(past.V3, past.DECEMBER)[-1] == own
    assert history.watched(past.V2, past.NOVEMBER)[-1] == later
