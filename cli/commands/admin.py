"""``sancai admin``: what an operator does, on the machine of the installation."""

from typing import TYPE_CHECKING

import click

from cli.commands.admin_access_log import command as ingest_access_log
from cli.commands.admin_erase import erase
from cli.commands.admin_quota import command as quota
from cli.commands.backup import backup_command, restore_command, store_group
from cli.commands.upkeep import fsck_command, replicate_command, scrub_command, sweep_command
from cli.output import Branch, facts, line, note, show
from cli.server import require_server
from cli.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.group("admin", cls=Branch, help=say("Set up an installation and look after it.", "初始化与维护安装。"))
def command() -> None:
    """Operate an installation."""


@command.command(
    "store-keys",
    help=say(
        "Make the three narrow keys of a MinIO: catalog (never in an address), up (puts incoming), down (reads "
        "published). Prints what to set; each call makes new keys.",
        "在 MinIO 上创建三个最小权限密钥：catalog（不出现在网址中）、up（只写 incoming）、"
        "down（只读 published），并打印需设置的变量。",
    ),
    example="SANCAI_S3_ROOT_KEY=root SANCAI_S3_ROOT_SECRET=… sancai admin store-keys --endpoint http://minio:9000",
)
@click.option("--endpoint", envvar="SANCAI_S3_ENDPOINT", required=True, help=say("The MinIO.", "MinIO 地址。"))
@click.option("--prefix", default="sancai", show_default=True, help=say("Names of buckets begin so.", "存储桶名前缀。"))
@click.option(
    "--region", envvar="SANCAI_S3_REGION", default="us-east-1", show_default=True, help=say("Region.", "区域。")
)
@click.option("--root-key", envvar="SANCAI_S3_ROOT_KEY", required=True, help=say("Its root key.", "根密钥。"))
@click.option(
    "--root-secret",
    envvar="SANCAI_S3_ROOT_SECRET",
    prompt=True,
    hide_input=True,
    help=say("Its secret; better in the environment than typed here.", "根密钥的密文；建议放在环境变量中。"),
)
def store_keys(endpoint: str, prefix: str, region: str, root_key: str, root_secret: str) -> None:
    """Make the keys of an object store."""
    require_server()
    from storage.minio_store import create_store_keys
    from storage.settings import StoreKey

    made = create_store_keys(endpoint, StoreKey(root_key, root_secret), prefix, region)
    stated = {"SANCAI_OBJECT_STORE": f"s3://{prefix}", "SANCAI_S3_ENDPOINT": endpoint, "SANCAI_S3_REGION": region}
    for name, key in (("CATALOG", made.catalog), ("UP", made.up), ("DOWN", made.down)):
        stated |= {f"SANCAI_S3_{name}_KEY": key.access_key, f"SANCAI_S3_{name}_SECRET": key.secret_key}
    show(stated, _print_settings)


def _print_settings(stated: "Mapping[str, str]") -> None:
    note(say("Set these; the secrets are shown once.", "请设置以下变量；密文只显示一次。"))
    for name, value in stated.items():
        line(f"{name}={value}")


@command.command(
    "found-authority",
    help=say(
        "Found the authority SLUG and invite its first registrar, who does everything else over the web. Prints the "
        "activation code once.",
        "设立主管部门 SLUG 并邀请其首位登记员；其余操作均可联网完成。激活码只显示一次。",
    ),
    example="sancai admin found-authority yizhou --name-zh 伊州区数据发展局 --region 650502 --login registrar.wang",
)
@click.argument("slug")
@click.option("--name-zh", required=True, help=say("Name in Chinese.", "中文名称。"))
@click.option("--name-en", default="", help=say("Name in English.", "英文名称。"))
@click.option("--region", required=True, help=say("Six-digit region code (GB/T 2260).", "六位行政区划代码。"))
@click.option("--login", required=True, help=say("Login of the first registrar.", "首位登记员的登录名。"))
@click.option("--display-name", default="", help=say("Name of the first registrar.", "首位登记员的姓名。"))
def found_authority(slug: str, name_zh: str, name_en: str, region: str, login: str, display_name: str) -> None:
    """Found an authority."""
    require_server()
    import uuid

    from registry.accounts.service import found_authority_with_registrar
    from registry.actors.model import Actor
    from registry.house import open_house
    from registry.journal.work import Command, Work
    from registry.policy.activation import FoundAuthority
    from registry.values.digest import Digest
    from storage.settings import read_settings

    wanted = FoundAuthority(slug=slug, name_zh=name_zh, name_en=name_en or slug, region=region)
    invited: dict[str, str] = {}

    def act(work: Work) -> dict[str, str]:
        authority, code = found_authority_with_registrar(work, wanted, login, display_name or login)
        # The code is shown here and kept nowhere: the stored outcome must not hold it.
        invited["activation_code"] = code
        return {"authority": str(authority.id), "slug": slug, "login": login}

    with open_house(read_settings()) as house:
        made = Command("admin.found_authority", str(uuid.uuid4()), Digest.of_json({"slug": slug, "login": login}))
        outcome = house.perform(Actor(name="operator"), made, act)
    show({**outcome.result, **invited}, lambda stated: facts(list(stated.items())))


@command.command(
    "public-key",
    help=say(
        "Print the public key of this installation, for `sancai pull --key` and for whoever holds its log to its word.",
        "打印本安装的公钥，供 sancai pull --key 及日志核验者使用。",
    ),
    example="sancai admin public-key",
)
def public_key() -> None:
    """Print the public key."""
    require_server()
    from registry.house import open_house
    from storage.settings import read_settings

    with open_house(read_settings()) as house:
        key = str(house.signing_key.verifier)
    show({"public_key": key}, lambda stated: line(stated["public_key"]))


command.add_command(quota)
command.add_command(ingest_access_log)
for _added in (
    sweep_command,
    scrub_command,
    fsck_command,
    replicate_command,
    backup_command,
    restore_command,
    store_group,
):
    command.add_command(_added)
command.add_command(erase)
