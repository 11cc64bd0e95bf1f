"""What the holder of a printed form may know: whether the paper is genuine, and how its case stands now.

Rules (S0 附件3; RULINGS 27):
* A form is bound to the digest of case and acts as they stood when it was printed. A paper is genuine when its digest
  is that of its case now or at any time before: an act that came later makes a form old, not false.
* Whoever asks shows both case and digest, and so has seen the paper. Nothing more is said than that it is genuine,
  from which document, and the state: no firm, no person, no amount, no account.
* A case that does not exist and a digest that never was are the same answer.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from registry.awards import records
from registry.awards.history import with_acts
from registry.awards.model import Case, CaseState
from registry.dossier.service import acts_json, case_json
from registry.journal.work import View
from registry.values.canonical import canonical_json
from registry.values.digest import Digest
from registry.values.identifiers import CaseId


@dataclass(frozen=True, slots=True)
class FormCheck:
    """Whether a printed form is genuine; ``acts_since`` is how often the case went on since it was printed.

    Of a form that is not genuine nothing is known: ``document`` is empty and ``state`` None.
    """

    genuine: bool
    document: str = ""
    state: CaseState | None = None
    acts_since: int = 0


CASES_KEPT_MAX: Final = 500
"""How many cases' digests a process keeps: some kilobytes each."""
_known: dict[tuple[CaseId, int, CaseState, str], dict[bytes, int]] = {}
NOT_GENUINE = FormCheck(genuine=False)


def check_form(view: View, case_id: CaseId, digest: Digest) -> FormCheck:
    """Return what anyone who holds a form may know of it."""
    case = records.case_of(view.connection, case_id)
    acts = None if case is None else acts_when_bound(case, digest)
    if case is None or acts is None:
        return NOT_GENUINE
    return FormCheck(genuine=True, document=case.document, state=case.state, acts_since=len(case.acts) - acts)


def acts_when_bound(case: Case, digest: Digest) -> int | None:
    """Return how many acts the case had when ``digest`` was that of its form, or None: it never was.

    The state a case was in is not kept beside each act, so every state is tried. Anybody may ask, so what a case was
    ever bound to is computed once after each of its acts.
    """
    key = (case.id, len(case.acts), case.state, str(case.payee.digest) if case.payee else "")
    bound = _known.get(key)
    if bound is None:
        bound = _every_bound(case)
        while len(_known) >= CASES_KEPT_MAX:
            _known.pop(next(iter(_known), key), None)
        _known[key] = bound
    return bound.get(bytes.fromhex(digest.hex))


def _every_bound(case: Case) -> dict[bytes, int]:
    """Return every digest a form of a case may have been bound to, with the number of acts there were."""
    bound: dict[bytes, int] = {}
    # ``{"acts":[…],"case":{…}}`` in canonical JSON, put together piece by piece.
    read = hashlib.sha256(b'{"acts":[')
    for number in range(len(case.acts) + 1):
        if number:
            piece = canonical_json(acts_json(case.acts[number - 1 : number])[0])
            read.update(piece if number == 1 else b"," + piece)
        stated = case_json(with_acts(case, case.acts[:number]))
        # The lines of a batch are many: they are written once, not once for each state.
        before, _, after = canonical_json({**stated, "state": ""}).rpartition(b'"state":""')
        read_so_far = read.copy()
        read_so_far.update(b'],"case":' + before)
        for state in CaseState:
            whole = read_so_far.copy()
            whole.update(b'"state":' + canonical_json(state.value) + after + b"}")
            bound[whole.digest()] = number
    return bound
