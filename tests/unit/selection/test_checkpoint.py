"""An interrupted selection goes on where it stopped."""

import os
from functools import partial

import numpy as np
import pandas as pd
import pytest

from personas.selection.checkpoint import Checkpoint, Work, digest_of, run_all


def _square(number, folder):
    (folder / f"{number}").touch()
    return {"square": np.array([number**2]), "same": np.array([number])}


@pytest.fixture
def done(tmp_path):
    """Where each piece of work leaves a trace."""
    folder = tmp_path / "done"
    folder.mkdir()
    return folder


@pytest.fixture
def works(done):
    return [Work(f"work-{i}", partial(_square, i, done)) for i in range(4)]


def _run(works, checkpoint):
    told = []
    results = run_all(works, checkpoint, lambda: told.append(1))
    assert len(told) == len(works)
    return [int(result["square"][0]) for result in results]


def test_a_study_that_was_killed_does_only_the_rest(works, done, tmp_path):
    kept = Checkpoint(tmp_path / "kept")
    assert _run(works[:2], kept) == [0, 1]
    for trace in done.iterdir():
        trace.unlink()
    assert _run(works, kept) == [0, 1, 4, 9]
    assert sorted(trace.name for trace in done.iterdir()) == ["2", "3"]


def _process():
    return {"pid": np.array([os.getpid()])}


def test_work_is_done_beside_this_process(monkeypatch):
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "2")
    (result,) = run_all([Work("who", _process)], Checkpoint(), lambda: None)
    assert result["pid"][0] != os.getpid()


def test_without_a_folder_everything_is_done_and_nothing_is_kept(works, done, tmp_path):
    assert _run(works, Checkpoint()) == [0, 1, 4, 9]
    assert [path.name for path in tmp_path.iterdir()] == ["done"]


def test_what_is_kept_is_what_was_returned(tmp_path):
    kept = Checkpoint(tmp_path / "deep" / "kept")
    result = {"labels": np.array([[0, -1], [2, 3]], dtype=np.int32), "figures": np.array([np.nan, 0.1])}
    kept.save("a", result)
    found = kept.load("a")
    assert list(found) == ["labels", "figures"]
    for name, array in result.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype
    assert kept.load("b") is None
    assert [path.name for path in (tmp_path / "deep" / "kept").iterdir()] == ["a.npz"]


@pytest.mark.parametrize("share", [0.0, 0.001, 0.02, 0.5, 0.99])
def test_a_file_that_was_cut_short_is_done_again(works, done, tmp_path, share):
    kept = Checkpoint(tmp_path)
    kept.save("work-3", {"square": np.array([9]), "same": np.array([3])})
    path = tmp_path / "work-3.npz"
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    assert kept.load("work-3") is None
    assert _run(works[3:], kept) == [9]
    assert [trace.name for trace in done.iterdir()] == ["3"]


def test_a_damaged_file_is_no_result(tmp_path):
    kept = Checkpoint(tmp_path)
    kept.save("a", {"x": np.arange(1000)})
    damaged = bytearray((tmp_path / "a.npz").read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (tmp_path / "a.npz").write_bytes(bytes(damaged))
    assert kept.load("a") is None


def test_no_pickle_is_written_or_read(tmp_path):
    objects = np.array([{"a": 1}], dtype=object)
    with pytest.raises(ValueError, match="allow_pickle"):
        Checkpoint(tmp_path).save("a", {"x": objects})
    assert Checkpoint(tmp_path).load("a") is None
    np.savez(tmp_path / "b.npz", x=objects)
    assert Checkpoint(tmp_path).load("b") is None


def test_other_data_have_another_key():
    data = pd.DataFrame({"a": [1.0, 2.0]}, index=["u", "v"])
    keys = [
        digest_of(data),
        digest_of(data * 2),
        digest_of(data.rename(columns={"a": "b"})),
        digest_of(data.set_axis(["u", "w"])),
        digest_of(data.iloc[::-1]),
        digest_of(data["a"].to_numpy()),
        digest_of(data["a"].to_numpy()[None, :]),
        digest_of(data["a"].to_numpy().astype(np.float32)),
        digest_of(data, 1),
        digest_of(data, "1"),
    ]
    assert len(set(keys)) == len(keys)
    assert digest_of(data.copy(), 1) == digest_of(data, 1)
