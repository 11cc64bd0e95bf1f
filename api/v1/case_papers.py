"""Papers of a case: the printed form, and the payment list for finance."""

from flask import Response

from api.calls import current_actor, house
from api.case_form import form
from api.door import Door
from registry.actors.model import Action
from registry.awards import payment_lists, service
from registry.dossier import service as dossiers
from registry.policy import service as policy
from registry.values.identifiers import CaseId

door = Door("papers", __name__, url_prefix="/v1")

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


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
