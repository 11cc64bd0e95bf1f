"""``sancai webhook``: where your firm or authority wants messages, how they fared, and once more."""

from typing import TYPE_CHECKING

import click

from cli.connection import client
from cli.output import Branch, facts, line, show, table
from cli.words import say

if TYPE_CHECKING:
    from sancai.messages import Delivery, Webhook, WebhookSecret

ID = "hook_01a204ec559d77fd97f45c1ee07f623d"


@click.group(
    "webhook",
    cls=Branch,
    help=say("Have messages sent to an address of yours.", "将消息推送到您的网络地址。"),
)
def command() -> None:
    """Manage webhooks."""


@command.command(
    "create",
    help=say(
        "Have messages on TOPICs sent to URL; prints the secret that signs them. --dataset narrows them to datasets, "
        "also those of other firms.",
        "将指定主题的消息推送到 URL，并打印用于验签的密文。--dataset 限定数据集，可包括其他企业的数据集。",
    ),
    example="sancai webhook create https://firm.example/hooks --topic version.published --topic access.requested\n"
    "sancai webhook create https://firm.example/hooks --topic version.recalled --dataset acme/coal-safety",
)
@click.argument("url")
@click.option(
    "--topic", "topics", multiple=True, required=True, help=say("A topic; may be repeated.", "主题，可重复。")
)
@click.option("--dataset", "datasets", multiple=True, help=say("A dataset; may be repeated.", "数据集，可重复。"))
@click.option("--description", default="", help=say("What it is for.", "用途说明。"))
def create(url: str, topics: tuple[str, ...], datasets: tuple[str, ...], description: str) -> None:
    """Make a webhook."""
    with client() as service:
        made = service.messages.create_webhook(url, topics, datasets, description)
    show(made, _print_secret)


def _print_secret(found: "WebhookSecret") -> None:
    facts([*_described(found), (say("signing secret", "签名密文"), found.secret)])


def _described(found: "Webhook") -> list[tuple[str, object]]:
    return [
        (say("id", "编号"), found.id),
        (say("address", "地址"), found.url),
        (say("topics", "主题"), ", ".join(found.topics)),
        (say("datasets", "数据集"), ", ".join(found.datasets) or say("all of your own", "本单位全部")),
        (say("state", "状态"), found.state),
    ]


@command.command(
    "list",
    help=say("List the webhooks of your firm or authority.", "列出本企业或机构的网络回调。"),
    example="sancai webhook list",
)
def list_webhooks() -> None:
    """List webhooks."""
    with client() as service:
        found = list(service.messages.webhooks())
    columns = [say("id", "编号"), say("address", "地址"), say("topics", "主题"), say("state", "状态")]
    show(found, lambda made: table(columns, [(each.id, each.url, ", ".join(each.topics), each.state) for each in made]))


@command.command(
    "secret",
    help=say("Show the signing secret of webhook ID.", "显示回调 ID 的签名密文。"),
    example=f"sancai webhook secret {ID}",
)
@click.argument("webhook", metavar="ID")
def secret(webhook: str) -> None:
    """Show a secret."""
    with client() as service:
        found = service.messages.webhook_secret(webhook)
    show(found, _print_secret)


@command.command(
    "rotate",
    help=say(
        "Give webhook ID a new secret; for a day the former one signs as well.",
        "为回调 ID 更换密文；一天之内新旧密文同时签名。",
    ),
    example=f"sancai webhook rotate {ID}",
)
@click.argument("webhook", metavar="ID")
def rotate(webhook: str) -> None:
    """Change a secret."""
    with client() as service:
        found = service.messages.rotate_webhook(webhook)
    show(found, _print_secret)


@command.command(
    "disable",
    help=say("Send nothing more to webhook ID.", "停止向回调 ID 推送。"),
    example=f"sancai webhook disable {ID}",
)
@click.argument("webhook", metavar="ID")
def disable(webhook: str) -> None:
    """Disable a webhook."""
    with client() as service:
        done = service.messages.disable_webhook(webhook)
    show(done, lambda ended: line(say(f"{ended.url} gets nothing more.", f"不再向 {ended.url} 推送。")))


@command.command(
    "test",
    help=say("Send webhook ID a message that tells nothing but itself.", "向回调 ID 发送一条测试消息。"),
    example=f"sancai webhook test {ID}",
)
@click.argument("webhook", metavar="ID")
def test(webhook: str) -> None:
    """Test a webhook."""
    with client() as service:
        sent = service.messages.test_webhook(webhook)
    show(sent, _print_delivery)


def _print_delivery(found: "Delivery") -> None:
    facts(
        [
            (say("id", "编号"), found.id),
            (say("topic", "主题"), found.topic),
            (say("state", "状态"), found.state),
            (say("attempts", "次数"), found.attempts),
            (say("next attempt", "下次尝试"), found.next_attempt_at),
        ]
    )


@command.command(
    "deliveries",
    help=say("List the messages of webhook ID and how they fared.", "列出回调 ID 的消息及投递情况。"),
    example=f"sancai webhook deliveries {ID} --state parked",
)
@click.argument("webhook", metavar="ID")
@click.option(
    "--state",
    type=click.Choice(["waiting", "delivered", "parked"]),
    help=say("Only those in this state.", "仅列出此状态。"),
)
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help=say("How many.", "条数上限。")
)
def deliveries(webhook: str, state: str | None, limit: int) -> None:
    """List deliveries."""
    from itertools import islice

    with client() as service:
        found = list(islice(service.messages.deliveries(webhook, state), limit))
    columns = [
        say("id", "编号"),
        say("topic", "主题"),
        say("state", "状态"),
        say("attempts", "次数"),
        say("reason", "原因"),
        say("sent", "产生"),
    ]
    rows = [(each.id, each.topic, each.state, each.attempts, each.reason, each.created_at) for each in found]
    show(found, lambda _: table(columns, rows))


@command.command(
    "replay",
    help=say(
        "Send message MESSAGE of webhook ID once more, under its own id.", "以原编号重新投递回调 ID 的消息 MESSAGE。"
    ),
    example=f"sancai webhook replay {ID} msg_01a204ec559d77fd97f45c1ee07f623d",
)
@click.argument("webhook", metavar="ID")
@click.argument("message")
def replay(webhook: str, message: str) -> None:
    """Replay a delivery."""
    with client() as service:
        sent = service.messages.replay(webhook, message)
    show(sent, _print_delivery)
