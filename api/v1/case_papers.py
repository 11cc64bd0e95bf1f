"""Papers of a case: the printed form, and the payment list for finance."""

from typing import Self

from flask import Response

from api.calls import current_actor, house, read
from api.case_form import form
from api.door import Answer, Door
from registry.actors.model import Action
from registry.awards import payment_lists, service
from registry.dossier import papers
from registry.dossier import service as dossiers
from registry.policy import service as policy
from registry.values.digest import Digest
from registry.values.identifiers import CaseId

door = Door("papers", __name__, url_prefix="/v1")

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class FormCheckView(Answer):
    """Whether a printed form is genuine; ``acts_since``: how often its case went on since it was printed.

    Of a form that is not genuine nothing is said: not even whether there is such a case.
    """

    genuine: bool
    document: str
    state: str | None
    acts_since: int

    @classmethod
    def of(cls, value: papers.FormCheck) -> Self:
        """Return the view of a check."""
        return cls(
            genuine=value.genuine,
            document=value.document,
            state=value.state.value if value.state else None,
            acts_since=value.acts_since,
        )


@door.operation("GET", "/form-checks/<case>/<digest>", {200: FormCheckView}, public=True)
def check_case_form(case: str, digest: str) -> Response:
    """Say whether a printed form is genuine and how its case stands; nothing of firms, persons or money."""
    wanted, printed = CaseId(case), Digest.parse(digest)
    return read(lambda view: papers.check_form(view, wanted, printed), FormCheckView.of)


@door.operation("GET", "/cases/<case>/form", {200: None}, action=Action.READ_CASE, media={200: "text/html"})
def print_case_form(case: str) -> Response:
    """Return a case as the document's form in four numbered copies, with a QR code bound to its dossier."""
    wanted, secret = CaseId(case), house().secret
    with house().view(current_actor()) as view:
        found = service.case(view, wanted)
        loaded = policy.loaded_policy(view, found.authority, found.document)
        return form(
            found,
            authority=policy.authority(view, found.authority).name_zh,
            title=loaded.document.title_zh,
            digest=dossiers.bound_digest_of(view, wanted),
            public_url=house().settings.public_url,
            payee=service.payee_for_finance(view, secret, found),
            line_payees=service.line_payees_for_finance(view, secret, found),
        )


@door.operation("GET", "/cases/<case>/payments.csv", {200: None}, action=Action.PAY_CASE, media={200: "text/csv"})
def list_payments_csv(case: str) -> Response:
    """Return the payments of a case with their accounts as CSV, for finance."""
    return _list(case, "csv", "text/csv; charset=utf-8")


@door.operation("GET", "/cases/<case>/payments.xlsx", {200: None}, action=Action.PAY_CASE, media={200: XLSX})
def list_payments_xlsx(case: str) -> Response:
    """Return the payments of a case with their accounts as an Excel file, for finance."""
    return _list(case, "xlsx", XLSX)


def _list(case: str, kind: str, content_type: str) -> Response:
    wanted = CaseId(case)
    with house().view(current_actor()) as view:
        lines = payment_lists.payment_list(view, house().secret, wanted)
    content = payment_lists.as_csv(lines) if kind == "csv" else payment_lists.as_xlsx(lines)
    answer = Response(content, content_type=content_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{wanted}.{kind}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer
