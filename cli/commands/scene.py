"""``sancai scene``: the scene list (场景机会清单) and the datasets that answer a scene."""

from typing import TYPE_CHECKING

import click

from cli.connection import client
from cli.output import Branch, facts, line, show
from cli.words import say

if TYPE_CHECKING:
    from sancai.boards import Scene


@click.group("scene", cls=Branch, help=say("Publish scenes, and answer them with datasets.", "发布与应答场景机会。"))
def command() -> None:
    """Scenes."""


@command.command("list", help=say("List the scenes.", "列出场景机会清单。"), example="sancai scene list")
def list_scenes() -> None:
    """List scenes."""
    with client() as service:
        found = service.boards.scenes()
    show(found, _print_scenes)


@command.command(
    "publish",
    help=say("Publish a scene of your firm or office.", "发布本企业或本单位的场景。"),
    example="sancai scene publish --batch 2026-1 --title 风机故障预警 --sector new_energy --need 带标注的振动数据",
)
@click.option("--batch", required=True, help=say("Which list it belongs to.", "清单批次。"))
@click.option("--title", required=True, help=say("What it is.", "名称。"))
@click.option("--sector", required=True, help=say("Code of the sector.", "行业代码。"))
@click.option("--need", required=True, help=say("Which data is needed.", "数据需求。"))
def publish(batch: str, title: str, sector: str, need: str) -> None:
    """Publish a scene."""
    with client() as service:
        made = service.boards.publish_scene(batch=batch, title=title, sector=sector, need=need)
    show(made, _print_scene)


@command.command(
    "answer",
    help=say("Say that DATASET of your firm answers SCENE.", "以本企业的 DATASET 应答 SCENE。"),
    example='sancai scene answer scn_… lab/wind --note "one year of vibration data"',
)
@click.argument("scene")
@click.argument("dataset")
@click.option("--note", required=True, help=say("How it answers.", "如何满足需求。"))
def answer(scene: str, dataset: str, note: str) -> None:
    """Answer a scene."""
    with client() as service:
        made = service.boards.answer_scene(scene, dataset, note)
    show(made, _print_scene)


@command.command(
    "end",
    help=say("Take SCENE off the list.", "将 SCENE 移出清单。"),
    example='sancai scene end scn_… --reason "done"',
)
@click.argument("scene")
@click.option("--reason", required=True, help=say("Why.", "原因。"))
def end(scene: str, reason: str) -> None:
    """End a scene."""
    with client() as service:
        made = service.boards.end_scene(scene, reason)
    show(made, _print_scene)


def _print_scene(scene: "Scene") -> None:
    facts(
        [
            (say("scene", "场景"), scene.id),
            (say("batch", "批次"), scene.batch),
            (say("title", "名称"), scene.title),
            (say("need", "需求"), scene.need),
            (say("answers", "应答"), ", ".join(each.dataset for each in scene.answers) or None),
            (say("ended", "移出"), scene.ended_at),
        ]
    )


def _print_scenes(found: "tuple[Scene, ...]") -> None:
    for scene in found:
        ended = f" ({say('ended', '已结束')})" if scene.ended_at else ""
        line(f"{scene.id}  {scene.batch}  {scene.title}{ended}")
        for each in scene.answers:
            line(f"    {each.dataset}  {each.note}")
