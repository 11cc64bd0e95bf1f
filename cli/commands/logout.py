"""``sancai logout``: end the token on the service and forget it here."""

import click

from cli.output import Leaf, line, note, show
from cli.words import language, say


@click.command(
    "logout",
    cls=Leaf,
    help=say("End the token of the service at URL and forget it.", "停用并删除 URL 处服务的令牌。"),
    example="sancai logout",
)
@click.argument("url", required=False)
def command(url: str | None) -> None:
    """Sign out."""
    from sancai.config import forget_token, read_config, service_key
    from sancai.errors import SancaiError
    from sancai.session import Session
    from sancai.sign_in import revoke

    config = read_config()
    address = service_key(url) if url else config.require_url()
    if config.token and config.url == address:
        try:
            with Session(address, language=language()) as session:
                revoke(session, config.token)
        except SancaiError as error:
            note(say(f"The service did not end the token: {error}", f"服务端未停用令牌：{error}"))
    forgotten = forget_token(address)
    show(
        {"url": address, "forgotten": forgotten},
        lambda done: line(
            say(f"Signed out of {done['url']}.", f"已退出 {done['url']}。")
            if done["forgotten"]
            else say(f"No token was kept for {done['url']}.", f"本机没有 {done['url']} 的令牌。")
        ),
    )
