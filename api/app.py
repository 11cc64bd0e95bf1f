"""The application: every door on one house."""

from typing import Final

from flask import Flask

from api import auth, feeds, mail_pages, oauth, objects, observe, openapi, pages, problems
from api.door import Door
from api.v1 import (
    access,
    accounts,
    adoption,
    archives,
    badges,
    boards,
    browsing,
    case_papers,
    cases,
    contents,
    contests,
    datasets,
    desk,
    disputes,
    draft_files,
    erasures,
    exchange,
    expert_evidence,
    external_uses,
    finance,
    firm_ends,
    grants,
    lineage,
    listing_samples,
    lists,
    log,
    mail,
    metering,
    notice_probes,
    offers,
    offices,
    openings,
    order_periods,
    oversight,
    parties,
    performance,
    persons,
    policy,
    policy_questions,
    quality,
    quotas,
    recoveries,
    refunds,
    register_reviews,
    remedies,
    rounds,
    samples,
    scores,
    sheets,
    splits,
    statements,
    uploads,
    voucher_patterns,
    voucher_rounds,
    vouchers,
    webhooks,
)
from registry.house import House

DOORS: Final[tuple[Door, ...]] = (
    accounts.door,
    policy.door,
    policy_questions.door,
    parties.door,
    sheets.door,
    uploads.door,
    datasets.door,
    statements.door,
    lineage.door,
    access.door,
    oversight.door,
    erasures.door,
    draft_files.door,
    contents.door,
    browsing.door,
    adoption.door,
    badges.door,
    boards.door,
    lists.door,
    quality.door,
    exchange.door,
    refunds.door,
    disputes.door,
    order_periods.door,
    offers.door,
    listing_samples.door,
    metering.door,
    openings.door,
    vouchers.door,
    voucher_patterns.door,
    desk.door,
    finance.door,
    external_uses.door,
    voucher_rounds.door,
    cases.door,
    grants.door,
    persons.door,
    rounds.door,
    scores.door,
    expert_evidence.door,
    firm_ends.door,
    splits.door,
    case_papers.door,
    contests.door,
    notice_probes.door,
    performance.door,
    offices.door,
    samples.door,
    register_reviews.door,
    recoveries.door,
    remedies.door,
    archives.door,
    log.door,
    webhooks.door,
    mail.door,
    quotas.door,
)


def create_app(house: House) -> Flask:
    """Return the WSGI application that serves ``house``."""
    app = Flask("api", static_folder=None)
    app.extensions["house"] = house
    problems.install(app)
    # A request gets its id and its limits before anybody looks at its token.
    observe.install(app)
    auth.install(app)
    for door in DOORS:
        app.register_blueprint(door)
    for surrounding in (oauth, openapi, objects, pages, feeds, mail_pages):
        surrounding.install(app)
    return app
