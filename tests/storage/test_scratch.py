"""What a killed process left on disk goes; what a living one uses stays."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from storage.scratch import remove_abandoned, scratch_folder

HOLDER = """
import sys, tempfile, time
tempfile.tempdir = sys.argv[1]
from storage.scratch import scratch_folder
with scratch_folder("spool-") as folder:
    (folder / "half").write_bytes(b"half of a file")
    print("ready", flush=True)
    time.sleep(600)
"""


def test_the_folder_of_a_killed_process_is_removed_and_that_of_a_living_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "spool-of-another-make").mkdir()
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as holder, scratch_folder("spool-") as mine:
        try:
            assert holder.stdout is not None
            holder.stdout.readline()
            assert remove_abandoned("spool-") == 0
            (theirs,) = set(tmp_path.glob("spool-*")) - {mine, tmp_path / "spool-of-another-make"}
            assert (theirs / "half").exists()
        finally:
            holder.kill()
        holder.wait()
        assert remove_abandoned("spool-") == 1
        assert not theirs.exists()
        assert mine.exists()
    assert not mine.exists()
