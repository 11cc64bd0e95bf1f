"""Questions to the evaluator: an applicant whom every condition is met for, with some facts changed."""

from datetime import date

from registry.policy.assumptions import Ruling
from registry.policy.evaluation import Asked, InstrumentVerdict, Standing, evaluate
from registry.policy.facts import Facts, FactValue
from registry.policy.model import Instrument, PolicyDocument
from registry.values.digest import Digest
from registry.values.money import ZERO
from tests.registry.policy.applicants import ISSUED, TODAY, documents, good_facts

DOCUMENTS = documents()
EVERY = [(document, each) for document in DOCUMENTS.values() for each in document.instruments]


def document_of(instrument: str) -> PolicyDocument:
    return next(document for document, each in EVERY if each.id == instrument)


def nothing_before(instrument: Instrument) -> Standing:
    return Standing({cap.id: ZERO for cap in instrument.caps}, granted_before=False, benefits=())


def asked(
    instrument: str, *, rulings: tuple[Ruling, ...] = (), standing: Standing | None = None, **change: object
) -> Asked:
    """Return a question that every condition of ``instrument`` is met for, with some facts changed; None: unknown."""
    document = document_of(instrument)
    facts: dict[str, FactValue] = {**good_facts(instrument)}
    for name, value in change.items():
        facts.pop(name, None)
        if value is not None:
            facts[name] = value  # type: ignore[assignment]
    return Asked(
        document,
        instrument,
        ISSUED[document.revision.document],
        rulings,
        TODAY[document.revision.document],
        Facts(facts),
        standing or nothing_before(document.instrument(instrument)),
    )


def verdict(instrument: str, **change: object) -> InstrumentVerdict:
    return evaluate(asked(instrument, **change))


def yuan(verdict: InstrumentVerdict) -> str:
    """Return what is due, and what is held for a ruling after a slash."""
    return str(verdict.amount) + (f" / {verdict.held}" if verdict.held else "")


def ruling(instrument: str, assumption: str, value: object, on: date) -> Ruling:
    document = document_of(instrument)
    read = document.assumption(assumption).read(value)
    return Ruling("1号", on, document.authority.name_zh, Digest.of(b"text"), assumption, read)
