"""What commands of the server need before they begin."""

from importlib.util import find_spec

from cli.words import say


def require_server() -> None:
    """Raise ClickException unless the server's libraries are installed."""
    import click

    if any(find_spec(name) is None for name in ("flask", "granian", "sqlalchemy", "psycopg", "minio", "pydantic")):
        raise click.ClickException(say("Install sancai[server]", "请安装 sancai[server]"))
