"""Settings, read once from the environment, validated, with secrets masked wherever they are printed.

Environment variables say where things are; they never change a rule.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import platformdirs

MASK: Final = "•" * 8
PORT_DEFAULT: Final = 8470
# The name checkpoints are signed for; it must outlive addresses and ports, so it does not follow from them.
ORIGIN_DEFAULT: Final = "sancai.local"
LOG_RETENTION_DAYS_DEFAULT: Final = 3_650
LOG_RETENTION_DAYS_MAX: Final = 36_500
PUBLISHED_RETENTION_DAYS_DEFAULT: Final = 180


SMTP_PORTS: Final = {"smtp": 587, "smtps": 465}
_MAIL_FROM: Final = re.compile(r"[^\s@<>\"]{1,64}@[A-Za-z0-9.-]{1,255}")


class SettingsError(Exception):
    """A setting that cannot be right; says which, why, and what to write instead."""

    def __init__(self, variable: str, problem: str, remedy: str) -> None:
        super().__init__(f"{variable}: {problem} {remedy}")
        self.variable, self.problem, self.remedy = variable, problem, remedy


class RetentionMode(StrEnum):
    """Who may still delete an object before its term is over."""

    GOVERNANCE = "governance"
    """Whoever holds ``s3:BypassGovernanceRetention``, and says so with the request."""
    COMPLIANCE = "compliance"
    """Nobody."""


@dataclass(frozen=True, slots=True)
class StoreKey:
    """An access key of the object store."""

    access_key: str
    secret_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class S3Settings:
    """Where an S3 store is, and the three keys of it (OBJECTS.md §1): only ``up`` and ``down`` ever sign a URL."""

    endpoint: str
    bucket_prefix: str
    region: str
    catalog: StoreKey
    up: StoreKey
    down: StoreKey
    public_endpoint: str


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in, and whom it comes from. ``implicit_tls``: TLS from the first byte (RFC 8314)."""

    host: str
    port: int
    sender: str
    implicit_tls: bool = False
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class FolderSettings:
    """A folder that objects are kept in, other than the one in ``home``."""

    folder: Path


StoreSettings = S3Settings | FolderSettings


@dataclass(frozen=True, slots=True)
class Settings:
    """All of them.

    ``database_url`` None: the embedded PostgreSQL in ``home``; ``s3`` and ``folder`` None: the objects in ``home``.
    """

    home: Path
    host: str
    port: int
    public_url: str
    database_url: str | None = field(repr=False)
    owner_database_url: str | None = field(repr=False)
    s3: S3Settings | None
    folder: FolderSettings | None
    replica: StoreSettings | None
    workers: int
    threads: int
    origin: str
    log_retention: timedelta
    log_retention_mode: RetentionMode
    mail: MailServer | None
    private_webhooks: bool
    published_retention: timedelta
    published_retention_mode: RetentionMode

    @property
    def keys_folder(self) -> Path:
        """Where the signing key and the secrets of this installation are kept, readable by its user only."""
        return self.home / "keys"

    @property
    def objects_folder(self) -> Path:
        """Where the local object store keeps its bytes."""
        return self.folder.folder if self.folder else self.home / "objects"

    @property
    def postgres_folder(self) -> Path:
        """Where the embedded PostgreSQL keeps its data."""
        return self.home / "postgres"

    def masked(self) -> dict[str, str]:
        """Return every setting as text, secrets replaced."""
        shown = {item.name: str(getattr(self, item.name)) for item in fields(self)}
        for name in ("database_url", "owner_database_url"):
            if getattr(self, name):
                shown[name] = mask_url(getattr(self, name))
        return shown


def mask_url(url: str) -> str:
    """Return ``url`` with its password replaced."""
    parts = urlsplit(url)
    if not parts.password:
        return url
    return url.replace(f":{parts.password}@", f":{MASK}@")


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of this process. Raises SettingsError for the first one that cannot be right."""
    given = os.environ if environment is None else environment
    home = Path(given.get("SANCAI_HOME") or platformdirs.user_data_path("sancai")).expanduser().absolute()
    host = given.get("SANCAI_HOST") or "127.0.0.1"
    port = _whole(given, "SANCAI_PORT", PORT_DEFAULT, 1, 65_535)
    public_url = (given.get("SANCAI_PUBLIC_URL") or f"http://{host}:{port}").rstrip("/")
    if urlsplit(public_url).scheme not in {"http", "https"} or not urlsplit(public_url).netloc:
        raise SettingsError("SANCAI_PUBLIC_URL", f"{public_url!r} is not a web address.", "Write https://host.")
    database_url = given.get("SANCAI_DATABASE_URL") or None
    owner_url = given.get("SANCAI_OWNER_DATABASE_URL") or None
    for name, url in (("SANCAI_DATABASE_URL", database_url), ("SANCAI_OWNER_DATABASE_URL", owner_url)):
        if url and urlsplit(url).scheme.split("+")[0] not in {"postgresql", "postgres"}:
            raise SettingsError(name, "is not a PostgreSQL address.", "Write postgresql://user:password@host/database.")
    kept = read_store(given, "SANCAI_OBJECT_STORE", given.get("SANCAI_OBJECT_STORE") or "local", "SANCAI_S3")
    return Settings(
        home=home,
        host=host,
        port=port,
        public_url=public_url,
        database_url=database_url,
        owner_database_url=owner_url,
        s3=kept if isinstance(kept, S3Settings) else None,
        folder=kept if isinstance(kept, FolderSettings) else None,
        replica=_replica(given),
        workers=_whole(given, "SANCAI_WEB_WORKERS", 2, 1, 64),
        threads=_whole(given, "SANCAI_WEB_THREADS", 8, 1, 256),
        origin=given.get("SANCAI_ORIGIN") or ORIGIN_DEFAULT,
        log_retention=timedelta(
            days=_whole(given, "SANCAI_LOG_RETENTION_DAYS", LOG_RETENTION_DAYS_DEFAULT, 1, LOG_RETENTION_DAYS_MAX)
        ),
        mail=_mail(given),
        private_webhooks=_yes(given, "SANCAI_PRIVATE_WEBHOOKS"),
        log_retention_mode=_retention_mode(given, "SANCAI_LOG_RETENTION_MODE"),
        published_retention=timedelta(
            days=_whole(
                given, "SANCAI_PUBLISHED_RETENTION_DAYS", PUBLISHED_RETENTION_DAYS_DEFAULT, 0, LOG_RETENTION_DAYS_MAX
            )
        ),
        published_retention_mode=_retention_mode(given, "SANCAI_PUBLISHED_RETENTION_MODE"),
    )


def _whole(given: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = given.get(name) or str(default)
    if not text.isascii() or not text.isdecimal() or not least <= int(text) <= most:
        raise SettingsError(name, f"{text!r} is not a whole number from {least} to {most}.", f"Unset it for {default}.")
    return int(text)


def _retention_mode(given: Mapping[str, str], name: str) -> RetentionMode:
    text = given.get(name) or RetentionMode.GOVERNANCE.value
    if text not in set(RetentionMode):
        raise SettingsError(name, f"{text!r} is not a mode.", "Write governance, or compliance to bind yourself.")
    return RetentionMode(text)


def _yes(given: Mapping[str, str], name: str) -> bool:
    text = given.get(name) or "no"
    if text not in {"yes", "no"}:
        raise SettingsError(name, f"{text!r} is neither yes nor no.", "Unset it for no.")
    return text == "yes"


def _mail(given: Mapping[str, str]) -> MailServer | None:
    """Return where mail is handed in; both variables or neither."""
    url, sender = given.get("SANCAI_SMTP_URL") or "", given.get("SANCAI_MAIL_FROM") or ""
    if not url and not sender:
        return None
    if not _MAIL_FROM.fullmatch(sender):
        raise SettingsError("SANCAI_MAIL_FROM", f"{sender!r} is not a mail address.", "Write desk@example.cn.")
    try:
        parts = urlsplit(url)
        port = parts.port or SMTP_PORTS.get(parts.scheme, 0)
    except ValueError:
        parts, port = urlsplit(""), 0
    if (
        not port
        or not parts.hostname
        or parts.path.strip("/")
        or parts.query
        or bool(parts.username) != bool(parts.password)
    ):
        raise SettingsError(
            "SANCAI_SMTP_URL",
            "is not the address of a mail server.",
            "Write smtp://user:password@host:587 or smtps://…",
        )
    return MailServer(
        host=parts.hostname,
        port=port,
        sender=sender,
        implicit_tls=parts.scheme == "smtps",
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


def _replica(given: Mapping[str, str]) -> StoreSettings | None:
    named = given.get("SANCAI_REPLICA_STORE")
    return read_store(given, "SANCAI_REPLICA_STORE", named, "SANCAI_REPLICA_S3", signs=False) if named else None


def read_store(
    given: Mapping[str, str], variable: str, store: str, prefix: str, *, signs: bool = True
) -> StoreSettings | None:
    """Return where the store ``store`` is, as ``<prefix>_ENDPOINT`` and so on say; None for ``local``.

    ``variable`` is what named the store. One that ``signs`` no URL, as a replica, needs ``<prefix>_CATALOG_KEY`` only.

    Raises:
        SettingsError: It is no store, or where it is or one of its keys is not said.
    """
    if store == "local":
        return None
    parts = urlsplit(store)
    if parts.scheme == "file" and not parts.netloc and Path(unquote(parts.path)).is_absolute() and len(parts.path) > 1:
        return FolderSettings(Path(unquote(parts.path)))
    if parts.scheme != "s3" or not parts.netloc or parts.path.strip("/"):
        raise SettingsError(
            variable,
            f"{store!r} is neither local nor s3://prefix nor file:///folder.",
            "Write s3://sancai, where sancai is what the names of the four buckets begin with.",
        )
    endpoint = given.get(f"{prefix}_ENDPOINT") or ""
    if urlsplit(endpoint).scheme not in {"http", "https"}:
        raise SettingsError(f"{prefix}_ENDPOINT", f"{endpoint!r} is not a web address.", "Write http://minio:9000.")
    keys: dict[str, StoreKey] = {}
    for part in ("CATALOG", "UP", "DOWN"):
        access, secret = given.get(f"{prefix}_{part}_KEY"), given.get(f"{prefix}_{part}_SECRET")
        if not signs and part != "CATALOG":
            keys[part.lower()] = keys["catalog"]
            continue
        if not access or not secret:
            raise SettingsError(
                f"{prefix}_{part}_KEY",
                "is missing, or its _SECRET.",
                "`sancai admin store-keys` makes the three keys on a MinIO and prints what to set.",
            )
        keys[part.lower()] = StoreKey(access, secret)
    return S3Settings(
        endpoint=endpoint.rstrip("/"),
        bucket_prefix=parts.netloc,
        region=given.get(f"{prefix}_REGION") or "us-east-1",
        catalog=keys["catalog"],
        up=keys["up"],
        down=keys["down"],
        public_endpoint=(given.get(f"{prefix}_PUBLIC_ENDPOINT") or endpoint).rstrip("/"),
    )
