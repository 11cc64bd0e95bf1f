"""Use cases of quality: a laboratory files a report; the report that holds for a content."""

from dataclasses import replace

from registry.actors.model import Action, Resource
from registry.actors.rules import require
from registry.errors import NotAllowedError, Obstacle, RuleError
from registry.journal.work import View, Work
from registry.manifests import service as manifests
from registry.manifests.uploads import EvidenceKind
from registry.parties import service as parties
from registry.parties.model import ProviderKind
from registry.policy import service as policy
from registry.quality import records
from registry.quality.reports import FileReport, QualityReport
from registry.quality.rules import HIGH_QUALITY_BAR
from registry.values.digest import Digest
from registry.values.identifiers import AuthorityId, DatasetId, ReportId


def file_report(work: Work, dataset: DatasetId, command: FileReport) -> QualityReport:
    """File a laboratory's report on a content of ``dataset``; the caller has checked that the content is published.

    Raises:
        NotAllowedError: The actor may not file for a firm.
        RuleError: No authority has the firm in its register of laboratories today, or the document is no report.
        NotFoundError: There is no such document of the firm's own.
    """
    firm = work.actor.firm
    require(
        work.actor,
        Action.REPORT_QUALITY,
        Resource(firms=frozenset({firm} if firm else ()), authority=work.actor.authority, dataset=dataset),
    )
    if firm is None or work.actor.account is None:
        raise NotAllowedError("not_yours")
    today = work.now.civil_day()
    offices = policy.authorities(work)
    if not any(parties.provider(work, each.id, firm, ProviderKind.QUALITY_LABORATORY, today) for each in offices):
        obstacle = Obstacle("laboratory_not_registered", "RULINGS 9", parameters={"day": str(today)})
        raise RuleError("report_refused", (obstacle,))
    document = manifests.require_evidence(work, [command.report], kind=EvidenceKind.QUALITY_REPORT, owner=firm)[0]
    made = QualityReport(
        id=ReportId.new(),
        dataset=dataset,
        content_digest=command.content_digest,
        laboratory=firm,
        documentation=command.documentation,
        data_quality=command.data_quality,
        model_application=command.model_application,
        method=command.method.strip(),
        report=document.id,
        report_digest=document.digest,
        filed_at=work.now,
        filed_by=work.actor.account,
    )
    made = replace(made, entry=work.journal("quality.report_filed", made.id, **made.as_json()))
    records.add_report(work.connection, made)
    return made


def report(view: View, content: Digest, authority: AuthorityId | None = None) -> QualityReport | None:
    """Return the newest report on a content.

    With ``authority`` only a report counts whose laboratory stood in the register of that authority when it filed.
    """
    for found in records.reports_on(view.connection, content):
        if found.filed_at > view.now:
            continue
        day = found.filed_at.civil_day()
        kind = ProviderKind.QUALITY_LABORATORY
        if authority is None or parties.provider(view, authority, found.laboratory, kind, day):
            return found
    return None


def contents_of_high_quality(view: View) -> frozenset[Digest]:
    """Return the contents whose newest report has 90 points or more in each dimension of TC609 (RULINGS 9)."""
    return records.contents_with_scores(view.connection, HIGH_QUALITY_BAR.hundredths)
