"""Folders that take long to fill are filled once in a run of the tests, by whichever process asks first."""

import fcntl
import os
import shutil


def made_once(factory, name, fill):
    """Return a folder of the whole run; ``fill(folder)`` fills it, and who comes later waits for that.

    Nobody may change the folder: a test that writes copies it first.
    """
    root = factory.getbasetemp()
    # pytest-xdist gives each of its processes a folder inside that of the run.
    shared = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root
    folder = shared / f"once-{name}"
    with (shared / f"once-{name}.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        if lock.read() != "filled":
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            fill(folder)
            lock.write("filled")
    return folder
