"""``sancai admin backup | restore | store move``: all of an installation's bytes somewhere else."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from cli.output import Branch, Leaf, facts, line, note, show
from cli.server import require_server
from cli.words import say

if TYPE_CHECKING:
    from registry.upkeep.backup import BackedUp
    from registry.upkeep.moving import Finished, Moved
    from registry.upkeep.restoring import Restored
    from storage.settings import StoreSettings

CORRUPT: Final = 9


def _place(text: str, prefix: str, *, signs: bool) -> "StoreSettings":
    """Return the store that an argument names: a folder, ``file://…`` or ``s3://…``. Raises UsageError."""
    import os

    from storage.settings import FolderSettings, SettingsError, read_store

    if "://" not in text:
        return FolderSettings(Path(text).expanduser().absolute())
    try:
        found = read_store(os.environ, "TARGET", text, prefix, signs=signs)
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
    if found is None:
        raise click.UsageError(say("Name a folder or s3://prefix.", "请给出目录或 s3://前缀。"))
    return found


@click.command(
    "backup",
    cls=Leaf,
    help=say(
        "Copy database and objects to TARGET: a folder, or s3://prefix (SANCAI_BACKUP_S3_ENDPOINT, _CATALOG_KEY, "
        "_CATALOG_SECRET). Objects that are there already are not copied again. The service may go on working. The "
        "keys of the installation are not in it: --keys copies them to a folder of their own.",
        "将数据库与对象备份到 TARGET：目录，或 s3://前缀（SANCAI_BACKUP_S3_ENDPOINT、_CATALOG_KEY、_CATALOG_SECRET）。"
        "已有对象不再复制，服务可继续运行。备份不含安装密钥，--keys 将密钥另存到单独目录。",
    ),
    example="sancai admin backup /mnt/backup --keys /media/safe/sancai-keys",
)
@click.argument("target")
@click.option(
    "--keys",
    type=click.Path(file_okay=False, path_type=Path),
    help=say("Copy the keys to this folder, apart from the backup.", "将密钥复制到此目录（与备份分开）。"),
)
def backup_command(target: str, keys: Path | None) -> int:
    """Back an installation up."""
    require_server()
    from registry.house import open_house, owner_address
    from registry.upkeep.backup import back_up
    from registry.upkeep.stores import open_store
    from storage.settings import FolderSettings, read_settings

    settings, where = read_settings(), _place(target, "SANCAI_BACKUP_S3", signs=False)
    if keys is not None and isinstance(where, FolderSettings) and keys.absolute().is_relative_to(where.folder):
        raise click.UsageError(say("Keep the keys apart from the backup.", "密钥须与备份分开存放。"))
    with owner_address(settings) as owner_url, open_house(settings) as house:
        done = back_up(house, owner_url, open_store(where, settings, house.secret))
        if keys is not None:
            keys.mkdir(mode=0o700, parents=True, exist_ok=True)
            for path in sorted(settings.keys_folder.iterdir()):
                shutil.copy2(path, keys / path.name)
    show(done, _print_backup)
    return CORRUPT if done.backup.damaged else 0


def _print_backup(done: "BackedUp") -> None:
    made = done.backup
    facts(
        [
            (say("backup", "备份"), made.name),
            (say("database", "数据库"), f"{made.database_bytes} B"),
            (say("objects", "对象"), f"{made.objects} ({made.objects_bytes} B)"),
            (say("copied now", "本次复制"), str(done.copied)),
            (say("log", "日志"), f"{made.log_size} {made.log_root[:16]}"),
        ]
    )
    for text in made.damaged:
        line(f"     {text}")
    if made.damaged:
        note(say("These could not be copied whole: sancai admin scrub", "以上对象无法完整复制：sancai admin scrub"))


@click.command(
    "restore",
    cls=Leaf,
    help=say(
        "Read a backup back from SOURCE into an empty installation: the database, then every object, each read again. "
        "Put the keys back into SANCAI_HOME/keys first. May be repeated after a crash.",
        "将 SOURCE 中的备份恢复到空的安装：先恢复数据库，再逐一复核恢复对象。请先将密钥放回 SANCAI_HOME/keys。"
        "中断后可重复执行。",
    ),
    example="sancai admin restore /mnt/backup",
)
@click.argument("source")
@click.option("--backup", "name", help=say("Which one; by default the newest.", "备份名称；默认最新。"))
def restore_command(source: str, name: str | None) -> int:
    """Restore an installation."""
    require_server()
    from registry.house import open_house, owner_address
    from registry.journal.signing import SigningKey, load_or_create_secret
    from registry.upkeep.backup import read_backup
    from registry.upkeep.restoring import restore_database, restore_objects
    from registry.upkeep.stores import open_store
    from storage.settings import read_settings

    settings, where = read_settings(), _place(source, "SANCAI_BACKUP_S3", signs=False)
    key = SigningKey.load(settings.keys_folder / "signing.pem")
    store = open_store(where, settings, load_or_create_secret(settings.keys_folder / "secret"))
    backup = read_backup(store, name, key.verifier)
    with owner_address(settings) as owner_url:
        restore_database(owner_url, store, backup)
        with open_house(settings) as house:
            done = restore_objects(house, store, backup)
    show(done, _print_restored)
    return CORRUPT if done.missing else 0


def _print_restored(done: "Restored") -> None:
    facts(
        [
            (say("backup", "备份"), done.backup),
            (say("objects", "对象"), f"{done.objects} ({done.size_bytes} B)"),
            (say("checkpoints and dossiers", "检查点与卷宗"), str(done.exports)),
        ]
    )
    for text in done.missing:
        line(f"     {text}")
    note(
        say(
            "Now run: sancai verify. A sweep deletes nothing until: sancai admin sweep --accept",
            "请运行 sancai verify。在执行 sancai admin sweep --accept 之前，清扫不会删除任何对象。",
        )
    )


@click.group("store", cls=Branch, help=say("Where the bytes are.", "对象存储位置。"))
def store_group() -> None:
    """Look after the store as a whole."""


@store_group.command(
    "move",
    help=say(
        "Move all bytes to another store while the service runs. --to copies, reads again and leads each row there "
        "(file:///folder, or s3://prefix with SANCAI_TO_S3_ENDPOINT and its three keys, SANCAI_TO_S3_CATALOG_KEY …). "
        "Then set SANCAI_OBJECT_STORE and restart; --finish moves what came meanwhile and empties the old store. Each "
        "step may be repeated.",
        "在服务运行时将全部对象迁移到另一存储。--to 复制、复核并逐行切换（file:///目录，或 s3://前缀，并设置 "
        "SANCAI_TO_S3_ENDPOINT 及三个密钥 SANCAI_TO_S3_CATALOG_KEY 等）。随后修改 SANCAI_OBJECT_STORE 并重启；"
        "--finish 迁移期间新增的对象并清空旧存储。每一步均可重复。",
    ),
    example="sancai admin store move --to s3://sancai2\nsancai admin store move --finish",
)
@click.option("--to", "target", help=say("The new store.", "新存储。"))
@click.option("--finish", is_flag=True, help=say("End the move.", "完成迁移。"))
def move_command(target: str | None, finish: bool) -> int:
    """Move the store."""
    require_server()
    from registry.house import open_house
    from registry.upkeep.moving import finish_move, move
    from storage.settings import read_settings

    if (target is None) is not finish:
        raise click.UsageError(say("Name --to, or --finish.", "请指定 --to 或 --finish。"))
    where = _place(target, "SANCAI_TO_S3", signs=True) if target is not None else None
    with open_house(read_settings()) as house:
        moved = move(house, where)
        finished = finish_move(house) if finish else None
    show({"moved": moved, "finished": finished}, lambda _: _print_moved(moved, finished))
    return CORRUPT if moved.left else 0


def _print_moved(moved: "Moved", finished: "Finished | None") -> None:
    pairs = [
        (say("objects moved", "已迁移对象"), f"{moved.objects} ({moved.size_bytes} B)"),
        (say("objects of the log", "日志桶对象"), str(moved.log_objects)),
    ]
    if finished:
        pairs.append((say("deleted in the old store", "旧存储已删除"), str(finished.deleted)))
        pairs.append((say("kept in the old store", "旧存储保留"), str(finished.kept)))
    facts(pairs)
    for text in moved.left:
        line(f"     {text}")
    if not finished:
        note(
            say(
                "Now set SANCAI_OBJECT_STORE and its keys, restart, then: sancai admin store move --finish",
                "请设置 SANCAI_OBJECT_STORE 及其密钥并重启，然后运行 sancai admin store move --finish。",
            )
        )
