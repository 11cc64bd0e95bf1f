"""What is asked of datasets, drafts and versions: request bodies and queries."""

from pydantic import BaseModel, ConfigDict, Field

from api.door import PageQuery, Strict, Whole
from api.v1.statement_bodies import RegistrationBody, RightBody, day_of
from registry.catalog.industries import KeyIndustry
from registry.catalog.model import (
    PARENTS_MAX,
    Contributor,
    ContributorRole,
    CreateDataset,
    EarlierPublication,
    OpenDraft,
    Openness,
    Origin,
    Sector,
    VersionName,
)
from registry.catalog.provenance import CorrectProvenance
from registry.catalog.reading import READ_PATHS_MAX
from registry.catalog.statement_model import REGISTRATIONS_MAX, RIGHTS_MAX, Grade, Industry
from registry.errors import InvalidValueError
from registry.values.identifiers import EvidenceId, FirmId
from registry.values.moment import Moment
from registry.values.names import PublicName


def version_number(version: str) -> int:
    """Return the number of a version written ``v1``. Raises InvalidValueError."""
    digits = version.removeprefix("v")
    if not (version.startswith("v") and digits.isascii() and digits.isdecimal() and 0 < len(digits) < 9):
        raise InvalidValueError("version_malformed", given=version[:40])
    return int(digits)


def version_name(text: str) -> VersionName:
    """Return the version written ``namespace/slug@v1``. Raises InvalidValueError."""
    name, _, version = text.partition("@")
    return VersionName(PublicName.parse(name), version_number(version))


class DatasetBody(Strict):
    """A new dataset: a public name and what it is about."""

    name: str = Field(max_length=200, examples=["sector-lab/wind-turbines"])
    title: str = Field(max_length=400)
    description: str = Field(default="", max_length=20_000)
    sector: Sector
    licence: str = Field(max_length=100)
    access: Openness = Openness.PUBLIC
    terms: str | None = Field(default=None, max_length=50_000, description="Terms that readers must accept.")
    keywords: list[str] = Field(default_factory=list, max_length=100)

    def command(self) -> CreateDataset:
        """Return the command. Raises InvalidValueError."""
        return CreateDataset(
            PublicName.parse(self.name),
            self.title,
            self.description,
            self.sector,
            self.licence,
            self.access,
            tuple(self.keywords),
            self.terms,
        )


class RenameBody(Strict):
    """Another name for a dataset."""

    name: str = Field(max_length=200)


class EarlierPublicationBody(Strict):
    """Where the content had been public before."""

    where: str = Field(max_length=2_000)
    published_on: str = Field(max_length=10, examples=["2024-05-01"])
    url: str | None = Field(default=None, max_length=2_000)

    def value(self) -> EarlierPublication:
        """Return the value. Raises InvalidValueError."""
        return EarlierPublication(self.where, day_of(self.published_on), self.url)


class ContributorBody(Strict):
    """Who made, supplied, funded or holds rights in the version."""

    firm: str | None = Field(default=None, max_length=60)
    name: str = Field(max_length=200)
    role: ContributorRole

    def value(self) -> Contributor:
        """Return the value. Raises InvalidValueError."""
        return Contributor(FirmId(self.firm) if self.firm else None, self.name, self.role)


class DraftBody(Strict):
    """A new version: where it comes from and who had a part in it."""

    message: str = Field(default="", max_length=2_000)
    origin: Origin
    source: str = Field(max_length=2_000)
    source_url: str | None = Field(default=None, max_length=2_000)
    source_licence: str | None = Field(default=None, max_length=100)
    earlier_publications: list[EarlierPublicationBody] = Field(default_factory=list, max_length=100)
    parents: list[str] = Field(default_factory=list, max_length=PARENTS_MAX)
    contributors: list[ContributorBody] = Field(default_factory=list, max_length=200)
    grade: Grade = Grade.GENERAL
    desensitised: bool = False
    embargo_until: str | None = Field(default=None, max_length=40, examples=["2026-12-01T00:00:00Z"])
    rights: list[RightBody] = Field(default_factory=list, max_length=RIGHTS_MAX)
    registrations: list[RegistrationBody] = Field(default_factory=list, max_length=REGISTRATIONS_MAX)
    industry: str | None = Field(default=None, max_length=20, examples=["B0610"])
    key_industry: KeyIndustry | None = None
    base: Whole | None = Field(
        default=None, ge=1, lt=10**9, description="A version of this dataset whose files the draft begins with."
    )

    def command(self, dataset: PublicName) -> OpenDraft:
        """Return the command. Raises InvalidValueError."""
        return OpenDraft(
            dataset=dataset,
            message=self.message,
            origin=self.origin,
            source=self.source,
            source_url=self.source_url,
            source_licence=self.source_licence,
            earlier_publications=tuple(each.value() for each in self.earlier_publications),
            parents=tuple(version_name(text) for text in self.parents),
            contributors=tuple(each.value() for each in self.contributors),
            grade=self.grade,
            desensitised=self.desensitised,
            embargo_until=Moment.of_text(self.embargo_until) if self.embargo_until else None,
            rights=tuple(each.value() for each in self.rights),
            registrations=tuple(each.value() for each in self.registrations),
            industry=Industry(self.industry, self.key_industry),
            base=self.base,
        )


class ProvenanceBody(Strict):
    """Where a version comes from, stated anew; ``parents`` are what it derives from beside what was stated."""

    origin: Origin
    source: str = Field(max_length=2_000)
    source_url: str | None = Field(default=None, max_length=2_000)
    source_licence: str | None = Field(default=None, max_length=100)
    earlier_publications: list[EarlierPublicationBody] = Field(default_factory=list, max_length=100)
    parents: list[str] = Field(default_factory=list, max_length=PARENTS_MAX)
    reason: str = Field(min_length=1, max_length=2_000)
    evidence: str | None = Field(default=None, max_length=60)

    def command(self, version: VersionName) -> CorrectProvenance:
        """Return the command. Raises InvalidValueError."""
        return CorrectProvenance(
            version=version,
            origin=self.origin,
            source=self.source,
            source_url=self.source_url,
            source_licence=self.source_licence,
            earlier_publications=tuple(each.value() for each in self.earlier_publications),
            reason=self.reason,
            parents=tuple(version_name(text) for text in self.parents),
            evidence=EvidenceId(self.evidence) if self.evidence else None,
        )


class FileBody(Strict):
    """A file that will be uploaded."""

    path: str = Field(max_length=4_000)
    size_bytes: Whole = Field(ge=0)


class NothingBody(Strict):
    """No fields."""


class ReadsBody(Strict):
    """Which files addresses are wanted for."""

    paths: list[str] = Field(min_length=1, max_length=READ_PATHS_MAX)


class VersionWithdrawalBody(Strict):
    """Why a version is withdrawn."""

    reason: str = Field(min_length=1, max_length=2_000)


class FilePathQuery(BaseModel):
    """Which file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str = Field(max_length=4_000)


class SearchQuery(PageQuery):
    """What to look for."""

    q: str = Field(default="", max_length=200)
    sector: str = Field(default="", max_length=40)
    licence: str = Field(default="", max_length=100)
    key_industry: str = Field(default="", max_length=40)
    format: str = Field(default="", max_length=20)
    price: str = Field(default="", max_length=10)
