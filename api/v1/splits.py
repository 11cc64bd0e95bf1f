"""Joint makers: sign the split of a case from an account of one's own firm, take the signature back."""

from flask import Response
from pydantic import Field

from api.calls import house, write
from api.door import Door, Strict
from api.v1.case_views import CaseView
from api.v1.payees import PayeeBody
from registry.actors.model import Action
from registry.awards import splitting
from registry.awards.commands import SignSplit
from registry.values.digest import Digest
from registry.values.identifiers import CaseId

door = Door("splits", __name__, url_prefix="/v1")


class SignSplitBody(Strict):
    """The digest of the split one agrees to, as the case shows it, and the account of one's own firm."""

    split: str = Field(max_length=80)
    payee: PayeeBody


class WithdrawSplitBody(Strict):
    """Nothing is said: the firm does not agree any more."""


@door.operation("POST", "/cases/<case>/split-signature", {200: CaseView}, action=Action.APPLY_FOR_AWARD)
def sign_split(case: str, body: SignSplitBody) -> Response:
    """Agree, as a joint maker, to the split of a case, and say where the part of your firm goes."""
    command, secret = SignSplit(CaseId(case), Digest.parse(body.split), body.payee.given()), house().secret
    return write(lambda work: splitting.sign_split(work, secret, command), CaseView.of, 200)


@door.operation("POST", "/cases/<case>/split-signature/withdrawal", {200: CaseView}, action=Action.APPLY_FOR_AWARD)
def withdraw_split_signature(case: str, body: WithdrawSplitBody) -> Response:  # noqa: ARG001
    """Take your signature under the split of a case back, before its review."""
    wanted = CaseId(case)
    return write(lambda work: splitting.withdraw_signature(work, wanted), CaseView.of, 200)
