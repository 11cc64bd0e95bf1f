"""What experts read of the cases they were drawn for: the evidence, from the lot until the scores are in."""

from flask import Response

from api.calls import current_actor, house, read
from api.documents import MEDIA_TYPE, document
from api.door import Answer, Door, PageQuery
from api.paging import after_of, page_of
from registry.actors.model import Action
from registry.awards import expert_evidence
from registry.awards.expert_evidence import ExpertDocument
from registry.values.identifiers import CaseId, EvidenceId

door = Door("expert_evidence", __name__, url_prefix="/v1")


class ExpertDocumentView(Answer):
    """A document of a case you were drawn for: as what it was filed, its bytes at ``url``."""

    id: str
    filed_as: list[str]
    size_bytes: int
    sha256: str
    url: str

    @classmethod
    def of(cls, case: CaseId, found: ExpertDocument) -> "ExpertDocumentView":
        """Return the view of a document."""
        return cls(
            id=found.id,
            filed_as=list(found.filed_as),
            size_bytes=found.size_bytes,
            sha256=found.digest.hex,
            url=f"/v1/expert-cases/{case}/evidence/{found.id}/content",
        )


class ExpertDocumentsView(Answer):
    """A page of the documents of a case, without those that name persons or accounts."""

    items: list[ExpertDocumentView]
    next_cursor: str | None = None


@door.operation("GET", "/expert-cases/<case>/evidence", {200: ExpertDocumentsView}, action=Action.SCORE_CASE)
def list_expert_evidence(case: str, query: PageQuery) -> Response:
    """List the evidence of a case you were drawn for, until every expert has scored."""
    wanted = CaseId(case)

    def shown(found: tuple[ExpertDocument, ...]) -> ExpertDocumentsView:
        page, following = page_of(found, query, lambda each: [each.id])
        return ExpertDocumentsView(items=[ExpertDocumentView.of(wanted, each) for each in page], next_cursor=following)

    return read(
        lambda view: expert_evidence.documents(view, wanted, after_of(query, EvidenceId), query.limit + 1), shown
    )


@door.operation(
    "GET",
    "/expert-cases/<case>/evidence/<evidence>/content",
    {200: None},
    action=Action.SCORE_CASE,
    media={200: MEDIA_TYPE},
)
def read_expert_evidence(case: str, evidence: str) -> Response:
    """Read the bytes of a document of a case you were drawn for, until every expert has scored."""
    wanted = EvidenceId(evidence)
    with house().view(current_actor()) as view:
        _, blob = expert_evidence.document(view, CaseId(case), wanted)
    return document(blob, f"{wanted}.bin")
