"""The page of the policy, made from the shipped documents: ``python -m tests.checks.policy_page --write``."""

import sys
from pathlib import Path

from registry.policy.assumptions import Assumption, AssumptionValue
from registry.policy.kinds import Fixed, Interval, Percent, ScoredRange, Tier
from registry.policy.loader import load_shipped
from registry.policy.model import Cap, Instrument, PolicyDocument

PAGE = Path(__file__).parents[2] / "docs/policy.md"

_HEAD = """\
# The policy as data

Written by `tests/checks/policy_page.py` from `registry/policy/instruments/`; renew it with
`python -m tests.checks.policy_page --write`.

A figure stands with the clause it comes from. Where a document is silent, the file holds an **assumption**: a default
with its reason. Open assumptions allow quoting and review; **a payment needs a ruling of the bureau for each assumption
it rests on**. A ruling (number, date, organ, digest of its text) acts forward only and may confirm the default.
A shipped file is never edited: what changes comes as a new revision, and each decision stores the revision it used.
"""


def policy_page() -> str:
    """Return the page: every instrument, cap and assumption of every shipped document."""
    return "\n".join([_HEAD, *(line for document in load_shipped() for line in _document(document))]) + "\n"


def _document(document: PolicyDocument) -> list[str]:
    procedure = document.procedure
    levels = " → ".join(level.title_zh for level in procedure.sign_off)
    return [
        f"## {document.title_zh}",
        "",
        f"{document.title_en}. Cited as {document.source}.",
        "",
        f"`{document.revision.document}`, revision {document.revision.number}, digest `{document.revision.digest}`.",
        "",
        f"- Authority: {document.authority.name_zh}; payer: {document.authority.payer_zh}.",
        f"- Term: {document.term_months} months from the issue date (印发之日); it ends on the eve of the anniversary.",
        f"- Notice: {procedure.notice_days} days (borrowed from {procedure.notice_borrowed_from}).",
        f"- Sign-off: {levels} (borrowed from {procedure.sign_off_borrowed_from}).",
        f"- Claims: until {procedure.claims_window_days} days after the term.",
        "",
        "### Instruments",
        "",
        "| id | clause | name | kind | amount | caps |",
        "|---|---|---|---|---|---|",
        *(_instrument(each) for each in document.instruments),
        "",
        "### Caps",
        "",
        "| id | clause | most | scope | period | shared by group |",
        "|---|---|---|---|---|---|",
        *(_cap(each) for each in document.caps),
        "",
        "### Assumptions",
        "",
        *(line for each in document.assumptions for line in _assumption(each)),
    ][:-1]


def _instrument(each: Instrument) -> str:
    caps = ", ".join(f"`{cap.id}`" for cap in each.caps) or "none"
    return f"| `{each.id}` | {each.clause} | {each.title_zh} | {each.kind} | {_amount(each)} | {caps} |"


def _amount(each: Instrument) -> str:
    terms = each.terms
    if isinstance(terms, Percent):
        return f"at most {terms.rate} of `{terms.base}`"
    if isinstance(terms, ScoredRange):
        return f"{terms.least} to {terms.most} by score"
    if isinstance(terms, Fixed):
        return "; ".join(f"{tier.amount} for {_interval(tier.interval)} `{terms.measure}`" for tier in terms.tiers)
    return f"see `{each.id}`"


def _cap(cap: Cap) -> str:
    return f"| `{cap.id}` | {cap.clause} | {cap.amount} | {cap.scope} | {cap.period} | `{cap.group}` |"


def _assumption(each: Assumption) -> list[str]:
    default = "none; nothing may be assumed" if each.default is None else _value(each.default)
    lines = [
        f"#### `{each.id}`",
        "",
        f"{each.question_zh} {each.question_en}",
        "",
        f"- Clause: {each.clause}; reading {each.reading}; applies to {', '.join(each.applies_to)}.",
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
