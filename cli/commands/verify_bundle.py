"""``sancai verify FILE``: a bundle, checked and unpacked without network."""

from pathlib import Path
from typing import TYPE_CHECKING

from cli.output import bytes_text, facts, line, note, show
from cli.progress import bar
from cli.words import say

if TYPE_CHECKING:
    from sancai.bundles import BundleVerified
    from sancai.proofs import PublicationProved


def verify_bundle(file: Path, folder: Path | None, keys: tuple[str, ...]) -> None:
    """Check the bundle ``file``, unpack it into ``folder`` if one is given, and print what it holds."""
    from sancai.bundles import open_bundle

    with open_bundle(file, keys) as bundle, bar("verify") as drawn:
        drawn.begin(bundle.path.stat().st_size - bundle.data_at)
        found = bundle.extract(folder, drawn.advance) if folder else bundle.verify(drawn.advance)
    show(found, _print)


def _print(found: "BundleVerified") -> None:
    what, size = f"{found.name}@v{found.version}", bytes_text(found.size_bytes)
    line(say(f"OK  {what}: {found.files} files, {size}.", f"OK  {what}：{found.files} 个文件，{size}。"))
    papers = found.papers
    facts(
        [
            (say("content digest", "内容摘要"), found.content_digest),
            (say("signed by", "签名"), ", ".join(found.signed_by)),
            (say("from", "来源"), found.service),
            (say("publication", "发布记录"), _publication(papers.publication)),
            (say("licence", "许可"), papers.licence),
            (say("statements", "声明"), papers.statements),
            (say("terms", "条款"), papers.terms_sha256),
            (say("order", "订单"), papers.order),
            *([(say("unpacked into", "解包至"), found.folder)] if found.folder else []),
        ]
    )
    if not found.whole:
        note(say("It holds some files of the version only.", "仅含该版本的部分文件。"))
    if papers.publication and papers.publication.name != what:
        name = papers.publication.name
        note(
            say(f"It was published under the name {name}.", f"该版本发布时的名称为 {name}。"),
        )


def _publication(found: "PublicationProved | None") -> str | None:
    if found is None:
        return None
    if found.log_size is None:
        return say(f"{found.decided_at}, not in the log yet", f"{found.decided_at}，尚未写入日志")
    return say(
        f"{found.decided_at}, entry {found.leaf_index} of the log of {found.log_size}",
        f"{found.decided_at}，日志第 {found.leaf_index} 条（共 {found.log_size} 条）",
    )
