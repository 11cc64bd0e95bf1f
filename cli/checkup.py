"""The checks of ``sancai doctor``, in the order in which one failing makes the next impossible."""

import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from smtplib import SMTPException
from typing import Final

from cli.words import say
from registry.errors import SancaiError
from registry.house import House, open_house
from registry.upkeep.stores import probed
from storage.checkup import changeable_registers, clock_ahead_s
from storage.database import DatabaseUnavailableError
from storage.errors import StoreError
from storage.migrate import newest_revision, present_revision
from storage.settings import MailServer, Settings, SettingsError, read_settings

DISK_FREE_MIN_BYTES: Final = 2 << 30
CLOCK_MAX_S: Final = 60
"""Object stores refuse a signed address whose date is off by more than fifteen minutes; a minute leaves room."""

_INVALID, _CONFLICT, _UNAVAILABLE, _CORRUPT = 3, 6, 8, 9


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, what was seen, how to mend it, and what the command ends with if it is bad."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""
    exit_code: int = 0


def examine() -> Iterator[Finding]:
    """Yield every finding; what cannot be looked at for an earlier one is left out."""
    name = say("settings", "配置")
    try:
        settings = read_settings()
    except SettingsError as error:
        yield Finding(name, False, f"{error.variable}: {error.problem}", error.remedy, _INVALID)
        return
    shown = ", ".join(f"{key}={value}" for key, value in settings.masked().items() if value != "None")
    yield Finding(name, True, shown)
    yield _disk(settings)
    if settings.mail:
        yield _mail(settings.mail)
    opened = say("database and store", "数据库与存储")
    try:
        house = open_house(settings)
    except (SancaiError, StoreError, DatabaseUnavailableError, OSError) as error:
        yield Finding(opened, False, _words(error), _remedy_of_opening(error), _code_of(error))
        return
    except Exception as error:  # noqa: BLE001
        # A database without our tables refuses in words of its own.
        yield Finding(opened, False, _words(error), say("Run: sancai migrate", "请运行：sancai migrate"), _CONFLICT)
        return
    with house:
        yield from _keys(settings)
        yield from _database(house)
        yield from _store(house)
        yield from _offices(house)
        yield from _contests(house)


def _offices(house: House) -> Iterator[Finding]:
    """Yield for each policy in force at an office whether it has the distinct officers its cases need today."""
    from registry.offices.service import readiness_within
    from registry.policy.service import authorities

    try:
        with house.view() as view:
            found = [(office, each) for office in authorities(view) for each in readiness_within(view, office.id)]
    except (DatabaseUnavailableError, SancaiError) as error:
        yield Finding(say("officers", "经办人员"), False, _words(error), _remedy_of_opening(error), _code_of(error))
        return
    for office, ready in found:
        name = say(f"officers of {office.slug}", f"{office.slug} 的经办人员")
        needed = len(ready.places)
        if ready.ready:
            yield Finding(
                name, True, say(f"{needed} of {needed} for {ready.document}", f"{ready.document} 所需 {needed} 人齐备")
            )
            continue
        missing = ", ".join(role.value for role in ready.unfilled)
        detail = say(
            f"{ready.document} needs {needed} distinct officers; nobody is left for {missing}",
            f"{ready.document} 需要 {needed} 名不同人员，缺少 {missing}",
        )
        mend = say(
            "Add officers (`sancai account add-officer`), end absences, or delegate a rank.",
            "请增加经办人员（sancai account add-officer）、终止缺勤或办理授权。",
        )
        yield Finding(name, False, detail, mend, _CONFLICT)


def _contests(house: House) -> Iterator[Finding]:
    """Yield for each office whose contests of novelty nobody may decide, or that stay undone, what to do about them."""
    from registry.awards.contest_deciding import dues_within, standing_of
    from registry.awards.waiting import Standing
    from registry.policy.service import authorities

    try:
        with house.view() as view:
            found = [
                (office, each) for office in authorities(view) for each in dues_within(view, office.id) if each.due
            ]
    except (DatabaseUnavailableError, SancaiError) as error:
        yield Finding(say("contests", "首发争议"), False, _words(error), _remedy_of_opening(error), _code_of(error))
        return
    for office, desk in found:
        if desk.due and standing_of(desk.due) is Standing.ESCALATED:
            yield Finding(
                say(f"contests of {office.slug}", f"{office.slug} 的首发争议"),
                False,
                say(
                    f"{desk.contest.id} waits for a decision, and nobody may take it or it is long overdue",
                    f"{desk.contest.id} 待裁定，但无人可裁定或已严重逾期",
                ),
                say(
                    "Add a reviewer who acted in no case of either side, then `sancai contest draw`.",
                    "请增加未经办双方案件的初审人员，并执行 sancai contest draw。",
                ),
                _CONFLICT,
            )


def _disk(settings: Settings) -> Finding:
    name = say("disk", "磁盘")
    place = next(folder for folder in (settings.home, *settings.home.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    detail = say(f"{free >> 30} GiB free at {place}", f"{place} 剩余 {free >> 30} GiB")
    remedy = say("Make room, or set SANCAI_HOME to a larger disk.", "请清理空间，或将 SANCAI_HOME 指向更大的磁盘。")
    return Finding(name, free >= DISK_FREE_MIN_BYTES, detail, remedy, _UNAVAILABLE)


def _mail(server: MailServer) -> Finding:
    """Return whether the mail server lets us sign in."""
    from storage.mail_carrier import checked

    name = say("mail server", "邮件服务器")
    mend = say("Check SANCAI_SMTP_URL.", "请检查 SANCAI_SMTP_URL。")
    try:
        checked(server)
    except (OSError, SMTPException) as error:
        return Finding(name, False, f"{server.host}:{server.port}: {type(error).__name__}", mend, _UNAVAILABLE)
    return Finding(name, True, f"{server.host}:{server.port}")


def _keys(settings: Settings) -> Iterator[Finding]:
    name = say("keys", "密钥")
    exposed = [path for path in (settings.keys_folder, *_files_in(settings.keys_folder)) if _others_may(path)]
    if exposed:
        listed = " ".join(str(path) for path in exposed)
        detail = say(f"others may read {listed}", f"其他用户可读取 {listed}")
        yield Finding(name, False, detail, f"chmod -R go-rwx {settings.keys_folder}", _INVALID)
    else:
        yield Finding(name, True, str(settings.keys_folder))


def _files_in(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _others_may(path: Path) -> bool:
    return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def _database(house: House) -> Iterator[Finding]:
    try:
        present, newest = present_revision(house.database), newest_revision()
        name = say("schema", "数据库结构")
        mend = say("Run: sancai migrate", "请运行：sancai migrate")
        yield Finding(name, present == newest, f"{present} / {newest}", mend, _CONFLICT)
        changeable = changeable_registers(house.database)
        detail = ", ".join(changeable) or say("cannot change append-only tables", "无法更改仅追加表")
        mend = say(
            "Connect as sancai_app, which owns no table (SANCAI_DATABASE_URL); migrate as the owner "
            "(SANCAI_OWNER_DATABASE_URL).",
            "请以不拥有任何表的 sancai_app 连接（SANCAI_DATABASE_URL），"
            "升级时才用所有者（SANCAI_OWNER_DATABASE_URL）。",
        )
        yield Finding(say("role", "数据库角色"), not changeable, detail, mend, _INVALID)
        ahead = clock_ahead_s(house.database)
        yield _clock(say("clock and database", "时钟与数据库"), ahead)
    except DatabaseUnavailableError as error:
        yield Finding(say("database", "数据库"), False, _words(error), _remedy_of_opening(error), _UNAVAILABLE)


def _clock(name: str, ahead_s: int) -> Finding:
    detail = say(f"this machine is {ahead_s} s ahead", f"本机快 {ahead_s} 秒")
    mend = say("Set both clocks by NTP.", "请用 NTP 校准两端时钟。")
    return Finding(name, abs(ahead_s) <= CLOCK_MAX_S, detail, mend, _CONFLICT)


def _store(house: House) -> Iterator[Finding]:
    name = say("object store", "对象存储")
    try:
        house.store.health()
        seen = probed(house.database, house.clock, house.store)
    except StoreError as error:
        yield Finding(name, False, _words(error), _remedy_of_opening(error), _code_of(error))
        return
    capabilities = {
        say("versioning", "版本"): seen.versioning,
        say("object lock", "对象锁定"): seen.object_lock,
        say("conditional put", "条件写入"): seen.conditional_put,
        say("versions of published objects", "已发布对象版本"): seen.published_versioning,
        say("lock of published objects", "已发布对象锁定"): seen.published_lock,
    }
    yes, no = say("yes", "有"), say("no", "无")
    yield Finding(name, True, ", ".join(f"{key}: {yes if has else no}" for key, has in capabilities.items()))
    if house.settings.s3:
        yield _store_clock(house.settings.s3.public_endpoint)


def _store_clock(endpoint: str) -> Finding:
    """Return whether clients reach the store where signed addresses lead, and whether its clock is ours."""
    import httpx

    from sancai.session import http_client

    name = say("public address of the store", "存储的公开地址")
    mend = say(
        "Set SANCAI_S3_PUBLIC_ENDPOINT to where clients reach it.",
        "请将 SANCAI_S3_PUBLIC_ENDPOINT 设为客户端可达地址。",
    )
    try:
        with http_client() as http:
            date = parsedate_to_datetime(http.get(endpoint).headers["Date"])
    except (httpx.HTTPError, KeyError, ValueError) as error:
        return Finding(name, False, f"{endpoint}: {error or type(error).__name__}", mend, _UNAVAILABLE)
    return _clock(name, round((datetime.now(UTC) - date).total_seconds()))


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__


def _code_of(error: Exception) -> int:
    from cli.failures import server_code

    return server_code(error) or _UNAVAILABLE


def _remedy_of_opening(error: Exception) -> str:
    if isinstance(error, DatabaseUnavailableError):
        return say(
            "Start PostgreSQL and check SANCAI_DATABASE_URL; without it the embedded one is used.",
            "请启动 PostgreSQL 并检查 SANCAI_DATABASE_URL；未设置时使用内置数据库。",
        )
    if isinstance(error, StoreError):
        return say(
            "Check SANCAI_S3_ENDPOINT and the three keys; `sancai admin store-keys` makes new ones.",
            "请检查 SANCAI_S3_ENDPOINT 与三个密钥；可用 sancai admin store-keys 重新创建。",
        )
    if isinstance(error, OSError):
        return say(
            "Make the folder writable for this user, or set SANCAI_HOME.", "请使该目录可写，或设置 SANCAI_HOME。"
        )
    return say("Put the original keys back; never make new ones over them.", "请恢复原有密钥，切勿覆盖新建。")
