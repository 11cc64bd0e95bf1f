"""Probes of a notice whose lines are parted, and two probes of one notice at the same moment."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from registry.actors.model import Actor, Role
from registry.awards import notice_probes
from registry.awards.model import CaseState
from registry.awards.probe_model import ProbeGiven, SetProbeTerm
from registry.dossier import service as dossiers
from registry.house import House
from registry.values.digest import Digest
from registry.values.identifiers import CaseId
from registry.values.moment import Moment
from tests.conftest import FixedClock
from tests.registry.awards.builders import Desk, apply, post_notice, review
from tests.registry.awards.test_parting import a_batch, to_the_end
from tests.registry.exchange.builders import Market, an_officer, ask, do

CAPTURE = Digest.of(b"capture")


def probed(market: Market) -> None:
    """Have the notices of an office probed, each day at least."""
    command = SetProbeTerm("YZ-P-1", 24, "区发改委", market.house.clock.now().civil_day(), "每日巡查")
    do(market.house, market.registrar, lambda work: notice_probes.set_probe_term(work, command))


def look(case: CaseId, at: Moment, page: Digest = CAPTURE) -> ProbeGiven:
    """Return what a probe saw: the page answered."""
    return ProbeGiven(case, at, 200, page, found=False)


def record(house: House, prober: Actor, *given: ProbeGiven) -> list[str | None]:
    """State what a probe saw, and return what was refused."""
    made = do(house, prober, lambda work: notice_probes.record_probes(work, given))
    return [each.refused for each in made]


def test_the_sightings_of_a_notice_go_with_the_lines_that_leave_it(house: House, clock: FixedClock) -> None:
    batch = a_batch(house, probed)
    prober = an_officer(batch.market.authority, Role.PROBER)
    assert batch.case.notice is not None
    while clock.now() < batch.case.notice.ends_at:
        assert record(house, prober, look(batch.case.id, clock.now())) == [None]
        clock.advance(timedelta(hours=20))
    to_the_end(batch, clock)
    assert batch.instruct(1).state is CaseState.INSTRUCTED
    apart = batch.set_apart()
    # Both stand on the same page, and each can show by itself that it was seen until the end.
    batch.pay()
    batch.instruct(case=apart.id)
    assert batch.pay(case=apart.id).state is CaseState.PAID
    batch.verify(batch.case.id, apart.id)
    kept = {}
    for each in (batch.case.id, apart.id):
        content = ask(house, batch.desk.reviewer, lambda view, e=each: dossiers.dossier(view, house.signing_key, e))  # type: ignore[misc]
        kept[each] = [probe["probed_at"] for probe in json.loads(content)["notice_probes"]["probes"]]
    assert kept[apart.id] == kept[batch.case.id] != []


def test_two_probes_that_name_one_instant_at_once_leave_one_record(desk: Desk, clock: FixedClock) -> None:
    house, market = desk.house, desk.scene.market
    probed(market)
    case = apply(desk)
    review(desk, case.id)
    post_notice(desk, case.id)
    clock.advance(timedelta(hours=1))
    at, gate = clock.now(), threading.Barrier(2)
    probers = [an_officer(market.authority, Role.PROBER) for _ in range(2)]

    def state(number: int) -> list[str | None]:
        gate.wait()
        # The page was being changed: one saw it before, one after.
        return record(house, probers[number], look(case.id, at, CAPTURE if number == 0 else Digest.of(b"other")))

    with ThreadPoolExecutor(2) as threads:
        refused = sorted(str(each) for each in [*threads.map(state, range(2))])
    assert refused == ["['probe_recorded_differently']", "[None]"]
    seen = ask(house, desk.reviewer, lambda view: notice_probes.notice_record(view, case.id, None, 10))
    assert [each.probed_at for each in seen.probes] == [at]
