"""``sancai login``: get a token by the browser, or keep one that was made elsewhere."""

import sys
from dataclasses import dataclass
from typing import Final

import click

from cli.output import Leaf, line, note, show
from cli.words import language, say

STANDARD_INPUT: Final = "-"


@dataclass(frozen=True, slots=True)
class _LoggedIn:
    url: str
    login: str
    kept_in: str


@click.command(
    "login",
    cls=Leaf,
    help=say(
        "Sign in to the service at URL. A browser asks for your password; this machine keeps a token only.",
        "登录 URL 处的服务。密码只在浏览器中输入，本机仅保存令牌。",
    ),
    example="sancai login https://data.example.cn\nsancai login https://data.example.cn --token -  < token.txt",
)
@click.argument("url", required=False)
@click.option(
    "--token",
    help=say("Keep this token instead; - reads it from standard input.", "保存此令牌；- 表示从标准输入读取。"),
)
@click.option(
    "--scope",
    default="",
    help=say("What the token may do; by default all you may.", "令牌权限范围；默认为您的全部权限。"),
)
def command(url: str | None, token: str | None, scope: str) -> None:
    """Sign in."""
    from sancai.config import keep_token, read_config, service_key
    from sancai.session import Session
    from sancai.sign_in import await_sign_in, begin_sign_in, who_am_i

    address = service_key(url or read_config().require_url())
    if token == STANDARD_INPUT:
        token = sys.stdin.readline().strip()
    if not token:
        with Session(address, language=language()) as session:
            device = begin_sign_in(session, scope)
            note(say("Open this page:", "请打开此页面：") + f" {device.verification_uri}")
            note(say("and type the code:", "并输入代码：") + f" {device.user_code}")
            token = await_sign_in(session, device).access_token
    with Session(address, token, language()) as session:
        me = who_am_i(session)
    kept = _LoggedIn(address, me.login, str(keep_token(address, token)))
    show(
        kept,
        lambda done: line(say(f"Signed in to {done.url} as {done.login}.", f"已以 {done.login} 登录 {done.url}。")),
    )
