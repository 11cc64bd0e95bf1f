"""``sancai dataset lineage``: what a version derives from and what derives from it, as a tree."""

from typing import TYPE_CHECKING

import click

from cli.connection import client
from cli.output import Leaf, line, note, show
from cli.words import say

if TYPE_CHECKING:
    from sancai.statements import Lineage, Node


@click.command(
    "lineage",
    cls=Leaf,
    help=say(
        "Show what NAME or NAME@v1 derives from and what derives from it.",
        "显示 NAME 或 NAME@v1 的派生来源与派生结果。",
    ),
    example="sancai dataset lineage hami-wind/turbines@v1",
)
@click.argument("name")
@click.option(
    "--direction", type=click.Choice(["up", "down", "both"]), default="both", help=say("Which way to look.", "方向。")
)
@click.option("--depth", type=click.IntRange(1, 20), default=5, help=say("How far.", "层数。"))
def lineage(name: str, direction: str, depth: int) -> None:
    """Show a lineage."""
    from sancai.datasets import Reference

    wanted = Reference.parse(name)
    with client() as service:
        number = wanted.version or service.datasets.version(wanted.name).number
        found = service.statements.lineage(wanted.name, number, direction, depth)
    show(found, _print)


def _print(found: "Lineage") -> None:
    """Print the version, below it first what it derives from, then what derives from it."""
    root = found.nodes[0]
    line(_named(root))
    nodes = {each.node: each for each in found.nodes}
    up: dict[str, list[tuple[str, int | None]]] = {}
    down: dict[str, list[tuple[str, int | None]]] = {}
    for edge in found.edges:
        # An edge belongs to the way its further end lies.
        if edge.parent in nodes and nodes[edge.parent].distance < 0:
            up.setdefault(edge.child, []).append((edge.parent, None))
        if edge.child in nodes and nodes[edge.child].distance > 0:
            down.setdefault(edge.parent, []).append((edge.child, edge.new_share_bp))
    for title, links in ((say("derives from", "派生自"), up), (say("derived from it", "派生出"), down)):
        if root.node in links:
            line(f"{title}:")
            _branch(root.node, links, nodes, "", set())
    if found.next_cursor:
        note(say("There are more; look one way or less far.", "还有更多；请限定方向或层数。"))


def _branch(
    of: str, links: dict[str, list[tuple[str, int | None]]], nodes: "dict[str, Node]", lead: str, shown: set[str]
) -> None:
    """Print what hangs below a node; a version that stands elsewhere already is not opened again."""
    below = links.get(of, [])
    for place, (node, share_bp) in enumerate(below):
        last = place == len(below) - 1
        again = node in shown and node in links
        share = "" if share_bp is None else say(f", new share {_percent(share_bp)}", f"，新增占比 {_percent(share_bp)}")
        line(f"{lead}{'└─' if last else '├─'} {_named(nodes[node])}{share}{' …' if again else ''}")
        if not again:
            shown.add(node)
            _branch(node, links, nodes, lead + ("   " if last else "│  "), shown)


def _named(node: "Node") -> str:
    if node.hidden:
        return say("(a version you may not know of)", "（您无权知晓的版本）")
    marks = [
        mark
        for mark in (node.grade if node.grade != "general" else "", node.state if node.state != "published" else "")
        if mark
    ]
    marks += [say("deprecated", "已弃用")] if node.deprecated else []
    return f"{node.name}{' [' + ', '.join(marks) + ']' if marks else ''}"


def _percent(share_bp: int) -> str:
    return f"{share_bp // 100}.{share_bp % 100:02d}%"
