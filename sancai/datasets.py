"""Datasets as a service shows them, and drafts on their way to a version."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import httpx

from sancai.errors import InvalidValueError, NotFoundError
from sancai.manifests import Manifest, PageReference, open_manifest
from sancai.session import Session
from sancai.shapes import shaped
from sancai.stated import Deprecation, Industry, Registration, Right
from sancai.transfers import Upload


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset; its versions are asked for apart. ``formats``, price and ``published_at`` come from a search only."""

    id: str
    name: str
    title: str
    description: str = ""
    sector: str = ""
    licence: str = ""
    access: str = "public"
    publisher: str | None = None
    keywords: tuple[str, ...] = ()
    created_at: str | None = None
    latest: int | None = None
    formats: tuple[str, ...] = ()
    price_fen: int | None = None
    price_text: str | None = None
    published_at: str | None = None
    deprecation: Deprecation | None = None


@dataclass(frozen=True, slots=True)
class Contributor:
    """Who had a part in making a version; ``role`` is maker, source, funder or rights_holder."""

    name: str
    role: str
    firm: str | None = None


@dataclass(frozen=True, slots=True)
class Publication:
    """An earlier publication of the content, anywhere and by anyone."""

    where: str
    published_on: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class DraftInput:
    """What a publisher states about a version."""

    message: str
    origin: str = "enterprise"
    source: str = ""
    source_url: str | None = None
    source_licence: str | None = None
    earlier_publications: tuple[Publication, ...] = ()
    parents: tuple[str, ...] = ()
    contributors: tuple[Contributor, ...] = ()
    grade: str = "general"
    desensitised: bool = False
    embargo_until: str | None = None
    rights: tuple[Right, ...] = ()
    registrations: tuple[Registration, ...] = ()
    industry: str | None = None
    key_industry: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a draft, and in which file."""

    code: str
    detail: str = ""
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Overlap:
    """How much of the rows and columns of a draft are those of a published version, in basis points."""

    version: str
    row_containment_bp: int | None = None
    column_containment_bp: int | None = None


@dataclass(frozen=True, slots=True)
class VerificationProgress:
    """How far the service has come in reading a draft."""

    done_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A version on its way: open, verifying, verified, faulty, published or abandoned."""

    id: str
    state: str
    faults: tuple[Fault, ...] = ()
    files: tuple[dict[str, Any], ...] = ()
    report: dict[str, Any] | None = None
    overlap: tuple[Overlap, ...] = ()
    new_share_bp: int | None = None
    progress: VerificationProgress | None = None


@dataclass(frozen=True, slots=True)
class DraftFile:
    """A file of a draft and the upload its bytes go to."""

    path: str
    upload: Upload


@dataclass(frozen=True, slots=True)
class Version:
    """A published version; its content never changes."""

    id: str
    number: int
    content_digest: str
    state: str = "published"
    published_at: str | None = None
    message: str = ""
    parents: tuple[str, ...] = ()
    new_share_bp: int | None = None
    grade: str = "general"
    files: int | None = None
    size_bytes: int | None = None
    dataset: str | None = None
    manifest_digest: str | None = None
    origin: str | None = None
    source: str | None = None
    source_url: str | None = None
    source_licence: str | None = None
    earlier_publications: tuple[Publication, ...] = ()
    contributors: tuple[Contributor, ...] = ()
    desensitised: bool = False
    rows: int | None = None
    report: dict[str, Any] | None = None
    overlap: tuple[Overlap, ...] = ()
    withdrawn_reason: str | None = None
    stated_grade: str | None = None
    grade_assessed: bool = False
    embargo_until: str | None = None
    rights: tuple[Right, ...] = ()
    registrations: tuple[Registration, ...] = ()
    industry: Industry | None = None
    deprecation: Deprecation | None = None


@dataclass(frozen=True, slots=True)
class VersionFile:
    """A file of a version."""

    path: str
    size_bytes: int
    sha256: str
    format: str | None = None
    rows: int | None = None
    encoding: str | None = None
    media_type: str | None = None


@dataclass(frozen=True, slots=True)
class FileInventory:
    """What the service read in one file: its columns, and in ``inventory`` encoding, media type or archive."""

    path: str
    size_bytes: int
    sha256: str
    format: str | None = None
    rows: int | None = None
    columns: tuple[dict[str, Any], ...] = ()
    inventory: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReadUrl:
    """Where a file can be fetched for a while; ``url`` is None for one that ``contents`` gives."""

    path: str
    url: str | None
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class _ReadUrls:
    urls: tuple[ReadUrl, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """One page of a search: datasets, and how many there are by sector, licence, format and price."""

    items: tuple[Dataset, ...]
    facets: dict[str, dict[str, int]] = field(default_factory=dict)
    facets_capped: bool = False
    next_cursor: str | None = None


class Reference(NamedTuple):
    """A dataset, and one of its versions or the newest."""

    name: str
    version: int | None

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """Return what ``namespace/slug`` or ``namespace/slug@v2`` refers to. Raises InvalidValueError."""
        name, at, version = text.partition("@")
        digits = version.removeprefix("v")
        written = digits.isascii() and digits.isdecimal() and int(digits) > 0
        if name.count("/") != 1 or not all(name.split("/")) or (at and not written):
            raise InvalidValueError(
                "name_malformed", f"{text!r} is not a dataset. Write namespace/name or namespace/name@v1.", given=text
            )
        return cls(name, int(digits) if at else None)


class Datasets:
    """Datasets of one service. ``name`` is always ``namespace/slug``; versions count from 1."""

    def __init__(self, session: Session) -> None:
        """Use ``session``."""
        self._session: Final = session

    def create(
        self,
        name: str,
        title: str,
        *,
        description: str = "",
        sector: str,
        licence: str,
        access: str = "public",
        keywords: tuple[str, ...] = (),
    ) -> Dataset:
        """Create a dataset without versions. Raises ConflictError when the name is taken."""
        body = {
            "name": name,
            "title": title,
            "description": description,
            "sector": sector,
            "licence": licence,
            "access": access,
            "keywords": list(keywords),
        }
        return shaped(Dataset, self._session.post("/datasets", body))

    def show(self, name: str) -> Dataset:
        """Return a dataset. Raises NotFoundError."""
        return shaped(Dataset, self._session.get(_at(name)))

    def find(self, q: str = "", *, cursor: str | None = None, limit: int = 20, **facets: str | None) -> Found:
        """Return one page of what holds the words ``q``; facets: sector, key_industry, licence, format, price."""
        return shaped(Found, self._session.get("/datasets", q=q or None, cursor=cursor, limit=limit, **facets))

    def search(self, q: str = "", **facets: str | None) -> Iterator[Dataset]:
        """Yield all datasets that hold the words ``q``, best first."""
        for item in self._session.pages("/datasets", q=q or None, **facets):
            yield shaped(Dataset, item)

    def versions(self, name: str) -> tuple[Version, ...]:
        """Return all versions."""
        return tuple(shaped(Version, item) for item in self._session.pages(f"{_at(name)}/versions"))

    def version(self, name: str, version: int | None = None) -> Version:
        """Return a version, the newest published one without a number. Raises NotFoundError."""
        if version is not None:
            return shaped(Version, self._session.get(f"{_at(name)}/versions/v{version}"))
        published = [found for found in self.versions(name) if found.state == "published"]
        if not published:
            raise NotFoundError("version_missing", f"{name} has no published version yet.", name=name)
        return max(published, key=lambda found: found.number)

    def manifest(self, name: str, version: int, keys: tuple[str, ...] = ()) -> Manifest:
        """Return the manifest of a version once its root holds; pages follow as needed. Raises CorruptContentError."""
        at = f"{_at(name)}/versions/v{version}/manifest"

        def page(reference: PageReference) -> bytes:
            return self._session.content(f"{at}/pages/{quote(reference.digest, safe=':')}")

        return open_manifest(self._session.get(at).get("envelope"), keys, page)

    def files(self, name: str, version: int) -> Iterator[VersionFile]:
        """Yield the files of a version by path."""
        for item in self._session.pages(f"{_at(name)}/versions/v{version}/files"):
            yield shaped(VersionFile, item)

    def inventory(self, name: str, version: int, path: str) -> FileInventory:
        """Return what one file of a version is. Raises NotFoundError."""
        return shaped(FileInventory, self._session.get(f"{_at(name)}/versions/v{version}/inventory", path=path))

    def reads(self, name: str, version: int, paths: list[str]) -> tuple[ReadUrl, ...]:
        """Return addresses to fetch files from, for a while. Raises NotAllowedError when the terms are not met."""
        answer = self._session.post(f"{_at(name)}/versions/v{version}/reads", {"paths": paths}, keyed=False)
        return shaped(_ReadUrls, answer).urls

    def contents(self, name: str, version: int, paths: Sequence[str]) -> AbstractContextManager[httpx.Response]:
        """Ask for the bytes of at most 1,000 small files (64 MiB in all), one after the other in this order.

        Raises:
            NotAllowedError: The terms are not met.
        """
        return self._session.streamed(f"{_at(name)}/versions/v{version}/contents", {"paths": list(paths)})

    def withdraw(self, name: str, version: int, reason: str) -> Version:
        """Withdraw a version from readers."""
        return shaped(Version, self._session.post(f"{_at(name)}/versions/v{version}/withdraw", {"reason": reason}))

    def adoption(self, name: str) -> Mapping[str, Any]:
        """Return who adopted a dataset, who counts, and why others do not."""
        return self._session.get(f"{_at(name)}/adoption")

    def draft(self, name: str, stated: DraftInput, *, base: int | None = None, key: str | None = None) -> Draft:
        """Begin a version; under the ``key`` of an earlier request, the draft that one began.

        Args:
            name: The dataset.
            stated: What is said of the version.
            base: A version of the dataset whose files the draft begins with.
            key: An idempotency key.
        """
        body = {
            "message": stated.message,
            "origin": stated.origin,
            "source": stated.source,
            "source_url": stated.source_url,
            "source_licence": stated.source_licence,
            "earlier_publications": [
                {"where": item.where, "published_on": item.published_on, "url": item.url}
                for item in stated.earlier_publications
            ],
            "parents": list(stated.parents),
            "contributors": [{"firm": item.firm, "name": item.name, "role": item.role} for item in stated.contributors],
            "grade": stated.grade,
            "desensitised": stated.desensitised,
            "embargo_until": stated.embargo_until,
            "rights": [item.body() for item in stated.rights],
            "registrations": [item.body() for item in stated.registrations],
            "industry": stated.industry,
            "key_industry": stated.key_industry,
        }
        begun = {**body, "base": base} if base else body
        return shaped(Draft, self._session.post(f"{_at(name)}/drafts", begun, key))

    def show_draft(self, draft: str) -> Draft:
        """Return a draft with its faults."""
        return shaped(Draft, self._session.get(f"/drafts/{draft}"))

    def add_file(self, draft: str, path: str, size_bytes: int) -> DraftFile:
        """Announce a file of a draft and begin its upload."""
        body = {"path": path, "size_bytes": size_bytes}
        return shaped(DraftFile, self._session.post(f"/drafts/{draft}/files", body))

    def remove_file(self, draft: str, path: str) -> None:
        """Take a file out of a draft."""
        self._session.delete(f"/drafts/{draft}/files", path=path)

    def submit(self, draft: str) -> Draft:
        """Hand a draft to the worker, which re-reads every byte."""
        return shaped(Draft, self._session.post(f"/drafts/{draft}/submit"))

    def publish(self, draft: str) -> Version:
        """Publish a verified draft. Raises RuleError with everything that stands in the way."""
        return shaped(Version, self._session.post(f"/drafts/{draft}/publish"))


def address_of(name: str) -> str:
    """Return the address of a dataset. Raises InvalidValueError."""
    namespace, slug = Reference.parse(name).name.split("/")
    return f"/datasets/{quote(namespace, safe='')}/{quote(slug, safe='')}"


_at = address_of
