"""How a command ends when it does not succeed: one line and an exit code, never a traceback.

``SANCAI_DEBUG=1`` shows the traceback of what was not foreseen.
"""

import json
import os
import signal
import sys
from typing import TYPE_CHECKING, Final

import click

from cli.words import language, say

if TYPE_CHECKING:
    from sancai.errors import SancaiError

INTERRUPTED: Final = 130
USAGE: Final = 2
UNEXPECTED: Final = 1
BROKEN_PIPE: Final = 128 + signal.SIGPIPE

# The server's errors by the name of their class (registry/errors.py, storage): naming them here imports nothing of it.
_SERVER_CODES: Final = {
    "InvalidValueError": 3,
    "NotAllowedError": 4,
    "NotFoundError": 5,
    "ConflictError": 6,
    "RuleError": 7,
    "UnavailableError": 8,
    "CorruptContentError": 9,
    "SettingsError": 3,
    "DatabaseUnavailableError": 8,
    "StoreUnavailableError": 8,
    "StoreConfigurationError": 3,
}


def run(root: click.Command, arguments: list[str]) -> int:
    """Run ``root`` and return the exit code; whatever goes wrong is said in one line on standard error."""
    try:
        outcome = root.main(args=arguments, prog_name="sancai", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return USAGE
    except click.ClickException as error:
        return _usage(error, arguments)
    except (click.Abort, KeyboardInterrupt):
        click.echo(say("Interrupted.", "已中断。"), err=True)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has gone. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except Exception as error:  # noqa: BLE001
        return _failed(error, arguments)
    return outcome if isinstance(outcome, int) else 0


def _usage(error: click.ClickException, arguments: list[str]) -> int:
    """Print what is wrong with the way a command was called."""
    message = " ".join(error.format_message().split())
    context = getattr(error, "ctx", None)
    if context is not None:
        message += " " + say(f"See: {context.command_path} --help", f"参见：{context.command_path} --help")
    code = USAGE if isinstance(error, click.UsageError) else error.exit_code
    _say(message, "usage" if code == USAGE else "failed", code, arguments)
    return code


def _failed(error: Exception, arguments: list[str]) -> int:
    from sancai.errors import SancaiError

    if os.environ.get("SANCAI_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
    if isinstance(error, SancaiError):
        return _refused(error, arguments)
    if (code := server_code(error)) is not None:
        _say(_server_words(error), str(getattr(error, "code", type(error).__name__)), code, arguments)
        return code
    if isinstance(error, ModuleNotFoundError) and not _is_ours(error.name or ""):
        _say(say("Install sancai[server]", "请安装 sancai[server]"), "server_missing", UNEXPECTED, arguments)
        return UNEXPECTED
    if isinstance(error, OSError) and error.filename:
        _say(f"{error.filename}: {error.strerror}", "file_error", 3, arguments)
        return 3
    reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    text = say(f"Unexpected: {reason}. SANCAI_DEBUG=1 shows more.", f"意外错误：{reason}。SANCAI_DEBUG=1 显示详情。")
    _say(text, "unexpected", UNEXPECTED, arguments)
    return UNEXPECTED


def _refused(error: "SancaiError", arguments: list[str]) -> int:
    """Print a refusal of the service with everything that stands in the way."""
    if "--json" in arguments:
        _json(error.code, str(error), error.exit_code, error)
        return int(error.exit_code)
    click.echo(str(error), err=True)
    for fault in error.faults:
        click.echo(f"  {fault.pointer}: {fault.detail}", err=True)
    for obstacle in error.obstacles:
        clause = f" [{obstacle.clause}]" if obstacle.clause else ""
        click.echo(f"  - {obstacle.detail or obstacle.code}{clause}", err=True)
    if error.code in {"unauthenticated", "token_invalid", "token_expired"}:
        click.echo(say("Sign in with: sancai login", "请先登录：sancai login"), err=True)
    if error.exit_code == UNEXPECTED and error.request_id:
        click.echo(say(f"Request id: {error.request_id}", f"请求编号：{error.request_id}"), err=True)
    return int(error.exit_code)


def _json(code: str, detail: str, exit_code: int, error: object = None) -> None:
    from cli.output import plain

    stated = {
        "code": code,
        "detail": detail,
        "exit_code": exit_code,
        "parameters": plain(getattr(error, "parameters", {})),
        "errors": plain(getattr(error, "faults", ())),
        "obstacles": plain(getattr(error, "obstacles", ())),
        "request_id": getattr(error, "request_id", ""),
    }
    click.echo(json.dumps(stated, ensure_ascii=False), err=True)


def _say(text: str, code: str, exit_code: int, arguments: list[str]) -> None:
    if "--json" in arguments:
        _json(code, text, exit_code)
    else:
        click.echo(text, err=True)


def server_code(error: Exception) -> int | None:
    """Return the exit code of an error that server code raised, or None when it is of another origin."""
    for kind in type(error).__mro__:
        if kind.__module__.partition(".")[0] in {"registry", "storage"} and kind.__name__ in _SERVER_CODES:
            return _SERVER_CODES[kind.__name__]
    return None


def _server_words(error: Exception) -> str:
    """Return the sentence of a server's error in the reader's language."""
    code = getattr(error, "code", None)
    if not isinstance(code, str):
        return " ".join(str(error).split())
    try:
        from api.wording import sentence
    except ModuleNotFoundError:
        return str(error)
    words = sentence(code, getattr(error, "parameters", {}), language())
    return str(error) if words == code else words


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in {"registry", "storage", "api", "cli", "sancai"}
