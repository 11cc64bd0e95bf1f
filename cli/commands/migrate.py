"""``sancai migrate``."""

import click

from cli.output import Leaf, line, show
from cli.server import require_server
from cli.words import say


@click.command(
    "migrate",
    cls=Leaf,
    help=say(
        "Bring the database to the schema of this release, in one transaction; doing it twice does nothing. Connects "
        "as the owner of the tables: SANCAI_OWNER_DATABASE_URL.",
        "在一个事务中将数据库升级到本版本的结构；重复执行不会改变任何内容。以表的所有者连接：SANCAI_OWNER_DATABASE_URL。",
    ),
    example="SANCAI_OWNER_DATABASE_URL=postgresql://owner@db/sancai sancai migrate",
)
def command() -> None:
    """Migrate."""
    require_server()
    from storage.migrate import migrate
    from storage.settings import SettingsError, mask_url, read_settings

    settings = read_settings()
    if settings.database_url and not settings.owner_database_url:
        raise SettingsError(
            "SANCAI_OWNER_DATABASE_URL",
            "is missing.",
            "The role of the application may not change tables; write postgresql://owner:password@host/database.",
        )
    if settings.owner_database_url:
        where, revision = mask_url(settings.owner_database_url), migrate(settings.owner_database_url)
    else:
        from registry.house import open_house
        from storage.migrate import present_revision

        # Opening an installation with an embedded database brings it to this release.
        with open_house(settings) as house:
            where, revision = str(settings.postgres_folder), present_revision(house.database) or ""
    show(
        {"database": where, "revision": revision},
        lambda done: line(
            say(
                f"The database {done['database']} is at revision {done['revision']}.",
                f"数据库 {done['database']} 已是版本 {done['revision']}。",
            )
        ),
    )
