"""A case printed as the document's own form (S0 附件3, 专项资金申请表): numbered copies, capitals, opinions, QR.

One HTML file that holds all it needs, so that it prints the same from a folder as from the service. The form is the
document's, so its words are Chinese in every language of the reader.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO
from typing import Final

import segno
from flask import Response
from jinja2 import Environment, PackageLoader

from registry.awards.lines import approvals
from registry.awards.model import Case, CaseKind, Line, Signature
from registry.awards.payment_lists import firms_named
from registry.dossier.service import bound_digest
from registry.journal.work import View
from registry.policy import service as policy
from registry.values.digest import Digest
from registry.values.money import Money, Rate
from registry.vouchers.payee import PayeeGiven

COPIES: Final = ("主管部门", "主管部门", "主管部门", "申请单位")
"""一式肆份，其中主管部门叁份，申请企业壹份 (S0 附件3)."""
PLACES: Final = ("仟", "佰", "拾", "万", "仟", "佰", "拾", "元", "角", "分")
_DIGITS: Final = "零壹贰叁肆伍陆柒捌玖"
OPINIONS: Final[Mapping[str, str]] = {
    "section_head": "科室负责人意见",
    "leader_in_charge": "分管领导意见",
    "principal_leader": "主要领导意见",
}


@dataclass(frozen=True, slots=True)
class Opinion:
    """One box of the form: the rank, and the signature where it was given."""

    title: str
    signature: Signature | None


def form(
    case: Case,
    *,
    authority: str,
    title: str,
    digest: Digest,
    public_url: str,
    payee: PayeeGiven | None,
    line_payees: Mapping[int, PayeeGiven] | None = None,
) -> Response:
    """Return the answer that is a case as its form; the arguments are those of ``form_text``."""
    text = form_text(
        case,
        authority=authority,
        title=title,
        digest=digest,
        public_url=public_url,
        payee=payee,
        line_payees=line_payees,
    )
    answer = Response(text, content_type="text/html; charset=utf-8")
    # The one style of the page is its own, allowed by its digest; nothing else runs and nothing is loaded.
    kept = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    answer.headers["Content-Security-Policy"] = f"default-src 'none'; style-src 'sha256-{kept}'; sandbox"
    return answer


def form_maker(public_url: str) -> Callable[[View, Case], bytes]:
    """Return what prints a case for its archive: the account is masked, as for everyone but finance."""

    def made(view: View, case: Case) -> bytes:
        text = form_text(
            case,
            authority=policy.authority(view, case.authority).name_zh,
            title=policy.loaded_policy(view, case.authority, case.document).document.title_zh,
            digest=bound_digest(case),
            public_url=public_url,
            payee=None,
        )
        return text.encode()

    return made


def form_text(
    case: Case,
    *,
    authority: str,
    title: str,
    digest: Digest,
    public_url: str,
    payee: PayeeGiven | None,
    line_payees: Mapping[int, PayeeGiven] | None = None,
) -> str:
    """Return a case as its form, in as many numbered copies as the document asks for.

    Args:
        case: The case as its reader may see it.
        authority: Who decides, as the form names it.
        title: The document's name.
        digest: What the form is bound to: the case and acts of its dossier.
        public_url: Where the service is; the QR code leads there.
        payee: The whole account, for finance; None leaves it masked.
        line_payees: The whole accounts of joint makers by line, for finance.
    """
    address = f"{public_url}/check/{case.id}/{digest.hex}"
    account = payee.account_number if payee else (case.payee.masked_number if case.payee else "")
    template = Environment(loader=PackageLoader("api"), autoescape=True).get_template("case_form.html")
    return template.render(
        style=_style(),
        case=case,
        authority=authority,
        title=title,
        unit=firms_named(case),
        account=account,
        parts=_parts(case, account, line_payees or {}),
        award=case.kind is not CaseKind.VOUCHER_BATCH,
        places=list(zip(PLACES, capitals_by_place(case.amount), strict=True)),
        opinions=_opinions(case),
        copies=list(enumerate(COPIES, 1)),
        digest=str(digest),
        address=address,
        code=qr_svg(address),
        day=case.applied_at.civil_day(),
    )


def _style() -> str:
    return (files("api") / "static" / "form.css").read_text("utf-8")


@dataclass(frozen=True, slots=True)
class Part:
    """One joint maker on the form: its line, its share, and where its part goes."""

    line: Line
    share: str
    bank: str
    account: str


def _parts(case: Case, applicants: str, whole: Mapping[int, PayeeGiven]) -> list[Part]:
    """Return a row for each line of joint makers; the account that stands with the case is the applicant's."""
    made = []
    for line in case.lines if case.split else ():
        stated = case.payee if line.firm == case.applicant else line.payee
        masked = stated.masked_number if stated else ""
        given = whole.get(line.number)
        number = applicants if line.firm == case.applicant else (given.account_number if given else masked)
        made.append(Part(line, str(Rate(line.share_bp or 0)), stated.bank if stated else "", number))
    return made


def capitals_by_place(amount: Money) -> list[str]:
    """Return the capital digit of each printed place, 仟佰拾万仟佰拾元角分; ⊗ before the first (S0 附件3).

    An amount beyond 99,999,999.99 has no place for its first digits: every place is then crossed out, and the amount
    stands in words beside them.
    """
    digits = str(amount.fen).rjust(len(PLACES), " ")
    if len(digits) > len(PLACES):
        return ["⊗"] * len(PLACES)
    return ["⊗" if digit == " " else _DIGITS[int(digit)] for digit in digits]


def qr_svg(text: str) -> str:
    """Return a QR code of ``text`` as SVG to stand in a page, readable when a quarter of it is damaged."""
    content = BytesIO()
    segno.make(text, error="q", micro=False).save(
        content, kind="svg", xmldecl=False, svgns=True, scale=3, border=4, omitsize=False
    )
    return content.getvalue().decode()


def _opinions(case: Case) -> list[Opinion]:
    """Return a box for each rank that signs, filled where it approved the lines as they are."""
    given = {made.rank: made for made in approvals(case)}
    return [Opinion(OPINIONS.get(level, level), given.get(rank)) for rank, level in enumerate(case.sign_off_levels, 1)]
