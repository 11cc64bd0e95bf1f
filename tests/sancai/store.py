"""A service and its object store in one small server: parts by PUT, files by ranged GET, manifests that are signed."""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.dsse import Envelope
from securesystemslib.signer import CryptoSigner

from tests.sancai.server import Reply, Request

PART_SIZE = 1 << 20
KEY = Ed25519PrivateKey.from_private_bytes(b"a private key of the tests, 32 b")


def public_key(key: Ed25519PrivateKey = KEY, name: str = "sancai.test") -> str:
    """Return the public half as a reader would be given it."""
    content = b"\x01" + key.public_key().public_bytes_raw()
    key_id = hashlib.sha256(name.encode() + b"\n" + content).hexdigest()[:8]
    return f"{name}+{key_id}+{base64.b64encode(content).decode()}"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def signed_manifest(files: dict[str, bytes], key: Ed25519PrivateKey = KEY, page_files: int = 50_000) -> dict[str, Any]:
    """Return the answer of ``GET …/manifest`` for these files, with the pages that follow it."""
    entries = [{"path": p, "sha256": sha256(c), "size_bytes": len(c)} for p, c in sorted(files.items())]
    pages = [
        {"files": entries[start : start + page_files], "format": "sancai.manifest.page/1"}
        for start in range(0, len(entries), page_files)
    ]
    lines = "".join(f"{e['sha256']} {e['size_bytes']} {e['path']}\n" for e in entries)
    size_bytes = sum(len(content) for content in files.values())
    root = {
        "content_digest": f"sha256:{sha256(b'sancai.content/1' + bytes([10]) + lines.encode())}",
        "files": len(entries),
        "format": "sancai.manifest/1",
        "pages": [
            {
                "digest": f"sha256:{sha256(rfc8785.dumps(page))}",
                "files": len(page["files"]),
                "first_path": page["files"][0]["path"],
                "last_path": page["files"][-1]["path"],
                "size_bytes": sum(entry["size_bytes"] for entry in page["files"]),
            }
            for page in pages
        ],
        "size_bytes": size_bytes,
    }
    envelope = Envelope(rfc8785.dumps(root), "application/vnd.sancai.manifest+json", {})
    envelope.sign(CryptoSigner(key)).unrecognized_fields["alg"] = "Ed25519"
    return {"envelope": envelope.to_dict(), "root": root, "pages": pages}


class Store:
    """What the server knows. Tests change ``on_part`` and ``on_read`` to make trouble."""

    def __init__(self, files: dict[str, bytes] | None = None) -> None:
        self.files = files or {}
        self.parts: dict[int, bytes] = {}
        self.completed: list[str] = []
        self.size_bytes = 0
        self.urls_given = 0
        self.ranges: list[str] = []
        self.on_part: Callable[[int, int], Reply | None] = lambda _number, _count: None
        self.on_read: Callable[[str, bytes, int], Reply | None] = lambda _path, _body, _count: None
        self.honours_ranges = True
        self.scheme = "http"
        self.host: str | None = None
        self.manifest: dict[str, Any] | None = None
        self.on_contents: Callable[[bytes, int], Reply | None] = lambda _body, _count: None
        self.batches: list[int] = []
        self.pages_given: list[str] = []
        self.keys = [public_key()]
        self.seen_tokens: list[str | None] = []
        self._counts: dict[object, int] = {}
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Reply:
        with self._lock:
            return self._answer(request)

    def _count(self, of: object) -> int:
        self._counts[of] = self._counts.get(of, 0) + 1
        return self._counts[of]

    def _answer(self, request: Request) -> Reply:  # noqa: PLR0911
        path = request.path.partition("?")[0]
        if path.startswith("/store/"):
            self.seen_tokens.append(request.headers.get("Authorization"))
            return self._store(request, path)
        if path == "/v1/uploads/up_1/parts":
            self.urls_given += 1
            host = self.host or request.headers["Host"]
            urls = [
                {"number": n, "url": f"{self.scheme}://{host}/store/part/{n}?give={self.urls_given}", "size_bytes": 0}
                for n in request.json["numbers"]
            ]
            return Reply.of({"urls": urls, "expires_at": "2026-03-02T03:00:00Z"})
        if path == "/v1/uploads/up_1/complete":
            self.completed.append(request.json["sha256"])
            return Reply.of(self.upload("complete"))
        if path == "/v1/uploads/up_1":
            return Reply.of(self.upload("open"))
        if path == "/v1/keys":
            shown = [
                {"key_id": k.split("+")[1], "algorithm": "Ed25519", "public_key": "", "verifier": k} for k in self.keys
            ]
            return Reply.of({"origin": "sancai.test", "keys": shown})
        if "/manifest" in path:
            return self._manifest(path)
        if path.endswith("/contents"):
            paths = request.json["paths"]
            self.batches.append(len(paths))
            content = b"".join(self.files[name] for name in paths)
            return self.on_contents(content, self._count("contents")) or Reply(200, content)
        if path.endswith("/reads"):
            host, paths = self.host or request.headers["Host"], list(self.files)
            self.urls_given += 1
            urls = [
                {"path": p, "url": f"{self.scheme}://{host}/store/file/{paths.index(p)}?give={self.urls_given}"}
                | {"size_bytes": len(self.files[p]), "sha256": sha256(self.files[p])}
                for p in request.json["paths"]
            ]
            return Reply.of({"urls": urls, "expires_at": "2026-03-02T03:00:00Z"})
        if re.fullmatch(r"/v1/datasets/\w+/\w+(/versions/v1)?/(statements|terms)", path):
            return Reply.of({"items": [], "next_cursor": None})
        if re.fullmatch(r"/v1/datasets/\w+/\w+", path):
            return Reply.of({"id": "ds_1", "name": "hami/wind", "licence": "CC-BY-4.0"})
        if re.fullmatch(r"/v1/datasets/\w+/\w+/versions/v1", path):
            return Reply.of({"id": "ver_1", "number": 1, "content_digest": "sha256:0"})
        return Reply.of({"code": "not_found", "detail": f"There is no {path}."}, 404)

    def _manifest(self, path: str) -> Reply:
        made = self.manifest or signed_manifest(self.files)
        if path.endswith("/manifest"):
            return Reply.of({"envelope": made["envelope"], "root": made["root"]})
        wanted = path.rpartition("/")[2]
        self.pages_given.append(wanted)
        [number] = [n for n, page in enumerate(made["root"]["pages"]) if page["digest"] == wanted]
        return Reply(200, rfc8785.dumps(made["pages"][number]))

    def upload(self, state: str) -> dict[str, Any]:
        return {
            "id": "up_1",
            "state": state,
            "part_size_bytes": PART_SIZE,
            "part_count": max(1, -(-self.size_bytes // PART_SIZE)),
            "size_bytes": self.size_bytes,
            "parts": [{"number": n, "size_bytes": len(c), "etag": "x"} for n, c in sorted(self.parts.items())],
        }

    def _store(self, request: Request, path: str) -> Reply:
        _, _, kind, name = path.split("/")
        if kind == "part":
            if trouble := self.on_part(int(name), self._count(("part", name))):
                return trouble
            self.parts[int(name)] = request.body
            return Reply(200, b"", {"ETag": '"x"'})
        name = list(self.files)[int(name)]
        body, status = self.files[name], 200
        if wanted := request.headers.get("Range"):
            self.ranges.append(wanted)
            if self.honours_ranges:
                first, last = map(int, wanted.removeprefix("bytes=").split("-"))
                body, status = body[first : last + 1], 206
        if trouble := self.on_read(name, body, self._count(("file", name))):
            return trouble
        return Reply(status, body)

    def content(self) -> bytes:
        """Return what the parts make."""
        return b"".join(self.parts[number] for number in sorted(self.parts))


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()
