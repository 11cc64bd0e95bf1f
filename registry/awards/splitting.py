"""Use cases of joint makers: sign the split of a case with one's own account, take the signature back."""

from dataclasses import replace

from registry.actors.model import Action
from registry.awards import records, shares
from registry.awards.acting import act, case_event, found_case
from registry.awards.commands import SignSplit
from registry.awards.model import ActKind, Case
from registry.errors import ConflictError, RuleError
from registry.journal.work import Work
from registry.messages.announcing import announce
from registry.messages.model import Topic
from registry.values.canonical import Json
from registry.values.identifiers import CaseId
from registry.vouchers import payee


def sign_split(work: Work, secret: bytes, command: SignSplit) -> Case:
    """Agree to the split of a case of which one is a joint maker, and say where one's part goes; nothing else.

    The account is sealed and frozen as that of an applicant is, and stands under the digest of the line (RULINGS 28).
    Returns the case as the firm may see it.

    Raises:
        NotAllowedError, NotFoundError: The actor may not act for its firm, or is the applicant; there is no such case
            of it.
        ConflictError: The case is not shared or past its check, the split is another by now, or it was signed before.
        RuleError: The account is not in the firm's own name.
    """
    found = found_case(work, command.case, Action.APPLY_FOR_AWARD, lock=True)
    mine = shares.share_of_signer(found, work.actor.firm)
    if command.split != found.split_digest:
        raise ConflictError("split_changed", id=found.id, now=str(found.split_digest))
    if mine.signed:
        raise ConflictError("split_signed_already", id=found.id)
    if wrong := payee.name_obstacles(command.payee, mine.firm_name):
        raise RuleError("split_not_signable", wrong, id=found.id)
    sealed, shown = payee.seal(secret, found.id, command.payee)
    records.add_share_payee(work.connection, found.id, shown, sealed)
    content: dict[str, Json] = {
        "line": mine.line,
        "split": str(command.split),
        "payee_digest": str(shown.digest),
    }
    known = replace(found, share_payees={**found.share_payees, shown.digest: shown})
    return act(work, known, ActKind.SPLIT_SIGNED, "awards.split_signed", content).shown_to(mine.firm)


def ask_makers_within(work: Work, case: Case) -> None:
    """Tell each joint maker that has not signed that the split of a case waits for it, and nobody else."""
    waited_for = frozenset(each.firm for each in case.split if not each.signed)
    if waited_for:
        told = case_event(Topic.SPLIT_SIGNATURE_ASKED, case, split=str(case.split_digest))
        announce(work, replace(told, firms=waited_for, authorities=frozenset()))


def withdraw_signature(work: Work, case: CaseId) -> Case:
    """Take one's signature under the split of a case back, before its review. Returns the case as the firm may see it.

    Raises:
        NotAllowedError, NotFoundError: The actor may not act for its firm, or is the applicant; there is no such case
            of it.
        ConflictError: The case is not shared or past its check, or the firm has not signed.
    """
    found = found_case(work, case, Action.APPLY_FOR_AWARD, lock=True)
    mine = shares.share_of_signer(found, work.actor.firm)
    if not mine.signed:
        raise ConflictError("split_signed_by_nobody", id=found.id)
    content: dict[str, Json] = {"line": mine.line}
    return act(work, found, ActKind.SPLIT_WITHDRAWN, "awards.split_withdrawn", content).shown_to(mine.firm)
