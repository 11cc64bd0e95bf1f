"""What the web server loads: reading and sketching data is the worker's, and its libraries take seconds to import."""

import subprocess
import sys


def test_the_web_server_starts_without_the_libraries_of_the_worker() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import api.app, sys; print(' '.join(sys.modules))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert not {"pyarrow", "scipy", "datasketch", "pandas"} & set(loaded)
