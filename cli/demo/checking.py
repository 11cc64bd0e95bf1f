"""Step 6: the buyer downloads and checks, the operator verifies everything, and one flipped byte is found."""

import hashlib
from pathlib import Path

from cli.demo import cast, data
from cli.demo.people import People
from cli.demo.stage import Stage
from cli.demo.telling import MARK_REFUSED, Telling
from cli.output import line


def tell(stage: Stage, folder: Path, people: People, telling: Telling) -> None:
    """Pull, verify, damage, verify."""
    telling.chapter(6, "Download, verify, and a flipped byte", "下载、校验与一个被篡改的字节")
    target = folder / "pulled"
    buyer = people.owner(cast.BUYER.key)
    pulled = stage.run("pull", f"{data.ANNOTATED.name}@v1", "--to", str(target), SANCAI_TOKEN=buyer.token)
    if pulled.returncode:
        raise RuntimeError(pulled.stderr)
    sent = (folder / data.ANNOTATED.file_name).read_bytes()
    if (target / data.ANNOTATED.file_name).read_bytes() != sent:
        raise RuntimeError("the buyer's copy differs")
    telling.done(
        f"sancai pull {data.ANNOTATED.name}@v1: every byte matches the signed manifest.",
        f"sancai pull {data.ANNOTATED.name}@v1：逐字节与签名清单一致。",
    )
    _show(telling, "sancai verify", stage.run("verify").stdout)
    victim = stage.stored_file(hashlib.sha256(sent).hexdigest())
    original = victim.read_bytes()
    _flip(victim, original)
    try:
        done = stage.run("verify")
        if done.returncode == 0:
            raise RuntimeError("verify did not find the flipped byte")
        telling.done(
            "One byte of a stored object is flipped; sancai verify says:",
            "将一个存储对象的一个字节翻转后，sancai verify 报告：",
        )
        for said in (done.stdout + done.stderr).strip().splitlines()[-2:]:
            line(f"      {MARK_REFUSED} {said.strip()}")
    finally:
        _write(victim, original)


def _show(telling: Telling, command: str, said: str) -> None:
    lines = said.strip().splitlines()
    telling.done(f"{command}:", f"{command}：")
    for text in lines:
        telling.detail(text, text)
    if not lines or "OK" not in lines[-1]:
        raise RuntimeError(f"{command} did not say OK: {said}")


def _flip(place: Path, original: bytes) -> None:
    middle = len(original) // 2
    _write(place, original[:middle] + bytes([original[middle] ^ 1]) + original[middle + 1 :])


def _write(place: Path, content: bytes) -> None:
    """Write in place, as a failing disk would: published files are not writable, and stay linked where they are."""
    mode = place.stat().st_mode
    place.chmod(0o600)
    try:
        with place.open("r+b") as file:
            file.write(content)
    finally:
        place.chmod(mode)
