"""The page of the policy, made from the shipped documents: ``python -m tests.checks.policy_page --write``."""

import sys
from pathlib import Path

from registry.policy.assumptions import Assumption, AssumptionValue
from registry.policy.external import ExternalInstrument
from registry.policy.kinds import Interval, Tier
from registry.policy.loader import load_shipped
from registry.policy.model import Cap, Instrument, PolicyDocument, StatusInterval, Unexpressed
from registry.policy.phrases import requirement_words, terms_words
from registry.policy.requirements import Requirement
from registry.policy.vocabulary import vocabulary

PAGE = Path(__file__).parents[2] / "docs/policy.md"

_HEAD = """\
# The policy as data

Written by `tests/checks/policy_page.py` from `registry/policy/instruments/`; renew it with
`python -m tests.checks.policy_page --write`.

A figure stands with the clause it comes from. Where a document is silent, the file holds an **assumption**: a default
with its reason. Open assumptions allow quoting and review; **a payment needs a ruling of the bureau for each assumption
it rests on**. A ruling (number, date, organ, digest of its text) acts forward only and may confirm the default.
Where a document **contradicts itself** every reading is computed: the lower amount is paid, the rest waits for a
ruling.
A shipped file is never edited: what changes comes as a new revision, and each decision stores the revision it used.
The newest revision of each document is shown; `sancai policy show DOCUMENT --shipped` prints the same, and
`sancai policy check FILE` says what is wrong with a file of your own, by line.

Not in force is never paid: the Datong trial of 2022 has run out, and clauses 3 and 5 of Xunwu are suspended by a
superior rule until a ruling. What cannot be computed, in kind, case by case or by reference, is listed with its reason.
"""


def policy_page() -> str:
    """Return the page: the newest revision of every shipped document, and which others there are."""
    documents = load_shipped()
    newest = {each.revision.document: each for each in documents}
    lines = [line for each in newest.values() for line in _document(each, documents)]
    return "\n".join([_HEAD, *lines]) + "\n"


def _document(document: PolicyDocument, every: tuple[PolicyDocument, ...]) -> list[str]:
    older = [each.revision for each in every if each.revision.document == document.revision.document][:-1]
    rule = document.term_rule
    length = "open-ended" if rule.months is None else f"{rule.months} months; it ends on the eve of the anniversary"
    begins = rule.first.isoformat() if rule.first else "the issue date (印发之日)"
    issued = f", {rule.issue_date}" if rule.issue_date else ", which the bureau enters"
    facts = [
        f"- Authority: {document.authority.name_zh}; payer: {document.authority.payer_zh}.",
        f"- Term: from {begins}{'' if rule.first else issued}; {length} ({rule.clause}).",
        *(f"- Status: {_status(each)}." for each in document.statuses),
        *_procedure(document),
        *(f"- Earlier revision {each.number}: digest `{each.digest}`." for each in older),
    ]
    return [
        f"## {document.title_zh}",
        "",
        f"{document.title_en}. Cited as {document.source}.",
        "",
        f"`{document.revision.document}`, revision {document.revision.number}, digest `{document.revision.digest}`.",
        "",
        *facts,
        "",
        *_granted(document),
        *_unexpressed(document.unexpressed),
        *_external(document.external),
    ]


def _granted(document: PolicyDocument) -> list[str]:
    if not document.instruments:
        return []
    return [
        "### Instruments",
        "",
        *(line for each in document.instruments for line in _instrument(each)),
        "### Caps",
        "",
        "| id | clause | most | scope | period | shared by group |",
        "|---|---|---|---|---|---|",
        *(_cap(each) for each in document.caps),
        "",
        "### Assumptions",
        "",
        *(line for each in document.assumptions for line in _assumption(each, document)),
    ]


def _procedure(document: PolicyDocument) -> list[str]:
    if document.stated_procedure is None:
        return ["- It grants nothing that could be computed, so it is never loaded."]
    procedure = document.procedure
    levels = " → ".join(level.title_zh for level in procedure.sign_off)
    notice = procedure.notice_clause or f"borrowed from {procedure.notice_borrowed_from}"
    sign_off = procedure.sign_off_clause or f"borrowed from {procedure.sign_off_borrowed_from}"
    return [
        f"- Notice: {procedure.notice_days} days ({notice}).",
        f"- Sign-off: {levels} ({sign_off}).",
        f"- Claims: until {procedure.claims_window_days} days after the term.",
    ]


def _status(each: StatusInterval) -> str:
    last = "open" if each.open_ended else str(each.last or "the end of the term")
    by = f", by {each.by}" if each.by else ""
    lifted = f", unless a ruling on `{each.assumption}` lifts it" if each.assumption else ""
    return f"{each.status} from {each.first or 'the issue date'} to {last}{by} ({each.clause}){lifted}"


def _instrument(each: Instrument) -> list[str]:
    words, terms = vocabulary(), terms_words(each.terms)
    evidence = ", ".join(words.evidence[name].zh for name in each.evidence)
    borrowed = f" (list borrowed from {each.evidence_borrowed_from})" if each.evidence_borrowed_from else ""
    once = f" Once per {words.keys[each.once_per].en}." if each.once_per else ""
    keys = ", ".join(words.keys[name].en for name in each.exclusivity.keys)
    return [
        f"#### `{each.id}` {each.title_zh}",
        "",
        f"{each.title_en}; {each.clause}; {each.kind}; for a {words.beneficiaries[each.beneficiary].en}.{once}",
        "",
        *(line for quote in each.quotes for line in (f"> {quote}", "")),
        f"- Amount: {terms.en}. {terms.zh}。",
        *(_required(one) for one in each.requirements),
        *(line for conflict in each.conflicts for line in _conflict(conflict.assumption, each)),
        *(f"- Status: {_status(one)}." for one in each.statuses),
        f"- Caps: {', '.join(f'`{cap.id}`' for cap in each.caps) or 'none'}.",
        f"- Evidence: {evidence}{borrowed}.",
        f"- Excludes like benefits: group `{each.exclusivity.group}`, same {keys} ({each.exclusivity.clause}).",
        "",
    ]


def _required(each: Requirement) -> str:
    words = requirement_words(each)
    return f"- Required: {words.en} · {words.zh} ({each.clause})."


def _conflict(assumption: str, instrument: Instrument) -> list[str]:
    (conflict,) = [each for each in instrument.conflicts if each.assumption == assumption]
    return [f"- Reading `{each.id}` of `{assumption}`: {each.text_en} · {each.text_zh}." for each in conflict.readings]


def _unexpressed(found: tuple[Unexpressed, ...]) -> list[str]:
    if not found:
        return []
    return [
        "### Not computed",
        "",
        "| id | clause | what | why | reason |",
        "|---|---|---|---|---|",
        *(
            f"| `{each.id}` | {each.clause} | {each.title_zh} {each.title_en} | {each.why} "
            f"| {each.reason_en} {each.reason_zh} |"
            for each in found
        ),
        "",
    ]


def _external(found: tuple[ExternalInstrument, ...]) -> list[str]:
    if not found:
        return []
    lines = [
        "### Others decide and pay",
        "",
        "No ledger here holds this money; a use is recorded by document number.",
        "",
    ]
    for each in found:
        lines += [
            f"#### `{each.id}` {each.title_zh}",
            "",
            (
                f"{each.title_en}; {each.clause}; a {each.level} pool. "
                f"Decided by {each.decided_by_en} · {each.decided_by_zh}."
            ),
            "",
            *(f"> {quote}\n" for quote in each.quotes),
            *(f"- Left open, `{one.about}`: {one.text_en} {one.text_zh}" for one in each.assumptions),
            "",
        ]
    return lines


def _cap(cap: Cap) -> str:
    return f"| `{cap.id}` | {cap.clause} | {cap.amount} | {cap.scope} | {cap.period} | `{cap.group}` |"


def _assumption(each: Assumption, document: PolicyDocument) -> list[str]:
    default = "none; nothing may be assumed" if each.default is None else _value(each.default)
    applies = "every instrument" if len(each.applies_to) == len(document.instruments) else ", ".join(each.applies_to)
    lines = [
        f"#### `{each.id}`",
        "",
        f"{each.question_zh} {each.question_en}",
        "",
        f"- Clause: {each.clause}; reading {each.reading}; applies to {applies}.",
        f"- Default: {default}.",
    ]
    if each.choices:
        lines.append(f"- A ruling may say: {', '.join(each.choices)}.")
    elif each.least is not None and each.most is not None:
        lines.append(
            f"- A ruling may say: {each.type} from {each.least:,} to {each.most:,}{_UNITS.get(each.type, '')}."
        )
    return [*lines, f"- Reason: {each.reason_en} {each.reason_zh}", ""]


_UNITS = {"rate": " basis points", "amount": " fen", "days": "", "count": ""}


def _value(value: AssumptionValue) -> str:
    if not isinstance(value, tuple):
        return str(value)
    return "; ".join(f"{_interval(each.interval)}: {each.amount}" if isinstance(each, Tier) else each for each in value)


def _interval(interval: Interval) -> str:
    if interval.last is None:
        return f"{interval.first} or more"
    return f"{interval.first} to {interval.last}"


def main() -> None:
    """Write the page with ``--write``; otherwise fail when it is not current."""
    if "--write" in sys.argv[1:]:
        PAGE.write_text(policy_page(), encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != policy_page():
        sys.exit("docs/policy.md is not current: run python -m tests.checks.policy_page --write")


if __name__ == "__main__":
    main()
