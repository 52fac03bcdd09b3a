"""What a run says of the killed one that it goes on with."""

from datetime import date

import pytest

from pipelines.run import _changed_lines, _killed_lines

DAY = date(2026, 5, 1)
LEFT = {
    "as_of": "2026-05-01",
    "started_at": "2026-05-01T04:30:00.000+00:00",
    "reason": "The process ended in the step 'score'.",
    "versions": {"champion_before": "v1"},
    "steps": [{"step": "check", "status": "done"}, {"step": "train", "status": "reused"}, {"step": "score", "status": "running"}],
    "job": "abc",
}  # fmt: skip


@pytest.mark.parametrize(
    ("champion", "state"), [("v1", "as before that run"), ("v2", "the model of that run")]
)
def test_the_state_of_the_store_is_one_of_two(champion, state):
    told = _killed_lines(LEFT, champion, DAY)
    assert told[0].startswith("The run as of 2026-05-01 that began 2026-05-01 04:30 UTC was killed.")
    assert told[1] == f"The store is whole; finished: check, train; champion: {champion} ({state})."
    assert told[2] == "This run goes on from there."
    assert _killed_lines(LEFT, champion, date(2026, 6, 1))[2].endswith("run again with --as-of 2026-05-01.")


@pytest.mark.parametrize(
    ("left", "is_told"),
    [
        ({}, False),
        (LEFT, False),
        ({**LEFT, "job": "xyz"}, True),
        ({**LEFT, "job": "xyz", "as_of": "2026-04-01"}, False),
        ({key: value for key, value in LEFT.items() if key != "job"}, False),
    ],
)
def test_another_job_of_the_same_day_is_told(left, is_told):
    told = _changed_lines(left, {"as_of": "2026-05-01", "job": "abc"})
    assert [line.startswith("Config, data or names have changed") for line in told] == [True] * is_told
