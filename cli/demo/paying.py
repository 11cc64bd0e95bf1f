"""Steps 4 and 5: an award and a batch of vouchers go through review, signatures and notice to finance."""

from functools import partial
from pathlib import Path
from typing import Any

from cli.demo import cast, data
from cli.demo.people import People, Person, document
from cli.demo.publishing import check
from cli.demo.telling import Telling, local
from cli.words import say
from sancai.publishing import Published

DAY_S = 86_400
BUDGET_LINE = "650502-2026-DA"
APPROPRIATED_FEN = 200_000_000
BINDS = {
    "rate": ("the rate of 30 %", "30% 的补贴比例"),
    "firm_year": ("the ¥500,000 of the firm's year", "企业年度 50 万元额度"),
    "round": ("what is left of the round", "本批次余额"),
    "pool": ("what is left of the pool", "资金池余额"),
    "purchase": ("the purchase itself", "采购金额"),
}


def tell_award(people: People, telling: Telling) -> None:
    """Refuse the republished packages, then carry the derivative's award to its payment."""
    telling.chapter(4, "The award of clause 14a", "第十四条采信奖励")
    publisher, payer = people.owner(cast.PUBLISHER.key), people[cast.PAYER.login]
    for dataset in data.REPUBLISHED:
        verdict = check(publisher, dataset.name)
        telling.refused(
            f"{dataset.name}: an application is refused.",
            f"{dataset.name}：申请不予受理。",
            partial(_apply, people, dataset.name),
            "not_eligible",
        )
        if verdict["eligible"]:
            raise RuntimeError(f"{dataset.name} must not be eligible")
    payer.post("/appropriations", budget_year=2026, line=BUDGET_LINE, amount_fen=APPROPRIATED_FEN, number="YZ-F-1")
    telling.done("Finance appropriated ¥2,000,000.00 for 2026.", "财政安排 2026 年预算 ¥2,000,000.00。")
    case = _apply(people, data.ANNOTATED.name)
    telling.done(
        f"{data.ANNOTATED.name}: the publisher applies, {case['amount_text']} ({case['amount_capitals']}).",
        f"{data.ANNOTATED.name}：发布方提交申请，{case['amount_text']}（{case['amount_capitals']}）。",
    )
    search = {
        "where": "国家数据局目录、搜索引擎、Hugging Face（演示）",
        "found_earlier": False,
        "note": "未发现更早发布",
    }
    carry_to_payment(people, telling, case["id"], "BANK-2026-0001", search=search)


def _apply(people: People, name: str) -> dict[str, Any]:
    return people.owner(cast.PUBLISHER.key).post(
        "/awards",
        instrument="yz-14a",
        dataset=name,
        undertaking=True,
        payee={
            "account_name": cast.PUBLISHER.name,
            "bank": "演示银行哈密分行",
            "account_number": "6222000000000000001",
        },
    )


def carry_to_payment(
    people: People, telling: Telling, case: str, receipt: str, *, search: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Review, sign, post, wait for the notice to run, instruct and pay; show what is refused on the way."""
    reviewer, payer = people[cast.REVIEWER.login], people[cast.PAYER.login]
    reviewer.post(
        f"/cases/{case}/review", passed=True, opinion="材料齐全，同意", originals_seen=True, outside_search=search
    )
    telling.done("The reviewer has checked the case.", "初审通过。")
    telling.refused(
        "The principal cannot sign before the others.",
        "主要领导不能越级先签。",
        lambda: people[cast.PRINCIPAL.login].post(f"/cases/{case}/signatures", opinion="同意", approved=True),
        "not_your_turn_to_sign",
    )
    for signer in cast.SIGNERS:
        people[signer.login].post(f"/cases/{case}/signatures", opinion="同意", approved=True)
    telling.done(
        "Three officers signed in rank order: head of section, leader in charge, principal leader.",
        "三级签批依次完成：科室负责人、分管领导、主要领导。",
    )
    posted = reviewer.post(
        f"/cases/{case}/notice",
        page_url="https://www.example.gov.cn/notice/demo",
        capture_sha256="sha256:" + "ab" * 32,
    )["notice"]
    telling.done(
        f"Notice posted at {local(posted['posted_at'])}; it runs to {local(posted['ends_at'])}.",
        f"公示自 {local(posted['posted_at'])} 起，至 {local(posted['ends_at'])} 止。",
    )
    advance(people, telling, 6 * DAY_S)
    telling.refused(
        "On day 6 the payment is refused.",
        "第 6 天，拨付被拒绝。",
        lambda: _instruct(people, case),
        "case_not_payable",
    )
    advance(people, telling, 2 * DAY_S)
    telling.refused(
        "The reviewer may not pay.",
        "初审员不得拨付。",
        lambda: reviewer.post(f"/cases/{case}/payment", bank_receipt=receipt, paid_on=_today(people)),
        "role_missing",
    )
    telling.refused(
        "The credit system was not asked today.",
        "当日未查询公共信用，不得拨付。",
        lambda: _instruct(people, case),
        "case_not_payable",
    )
    _ask_credit(people, case)
    _instruct(people, case)
    paid = payer.post(f"/cases/{case}/payment", bank_receipt=receipt, paid_on=_today(people))
    telling.done(
        f"After the seventh day finance paid {paid['amount_text']} ({paid['amount_capitals']}).",
        f"第七天届满后，财政拨付 {paid['amount_text']}（{paid['amount_capitals']}）。",
    )
    return paid


def _ask_credit(people: People, case: str) -> None:
    """Record what the public credit system answers today of every firm of a case."""
    registrar = people[cast.REGISTRAR.login]
    for firm in sorted({line["firm"] for line in registrar.get(f"/cases/{case}")["lines"]}):
        registrar.post(
            "/credit-answers",
            firm=firm,
            standing="clean",
            queried_at=registrar.get("/clock")["now"],
            result_sha256="sha256:" + "cd" * 32,
            source="信用中国（演示）",
        )


def _instruct(people: People, case: str) -> dict[str, Any]:
    return people[cast.PAYER.login].post(
        f"/cases/{case}/instruction",
        budget_year=2026,
        project_code=BUDGET_LINE,
        subject_code="2150299",
        payment_voucher_number=f"PV-{case[-6:]}",
    )


def advance(people: People, telling: Telling, seconds: int) -> None:
    """Move the clock of the demo, and say so."""
    moved = people[cast.REGISTRAR.login].post("/demo/clock", seconds=seconds)
    telling.detail(
        f"(the demo's clock is moved {seconds // DAY_S} days, to {local(moved['now'])})",
        f"（演示时钟前移 {seconds // DAY_S} 天，至 {local(moved['now'])}）",
    )


def _today(people: People) -> str:
    """Return the demo's day in Shanghai."""
    return local(people[cast.REGISTRAR.login].get("/clock")["now"])[:10]


def tell_vouchers(folder: Path, people: People, telling: Telling, published: dict[str, Published]) -> None:
    """Buy data and compute with vouchers, to the last fen of the firm's year."""
    telling.chapter(5, "Vouchers for data and compute", "数据券与算力券")
    people[cast.REGISTRAR.login].post("/pools", document=cast.DOCUMENT, pool="yz-4")
    order = _data_order(folder, people, telling)
    _quote(people, telling, order)
    buyer = people.owner(cast.BUYER.key)
    voucher = buyer.post("/vouchers", order=order)
    telling.done(f"Held: {voucher['amount_text']}.", f"额度冻结：{voucher['amount_text']}。")
    digest = published[data.ANNOTATED.name].version.content_digest
    buyer.post(f"/orders/{order}/delivery", content_digest=digest, usage=None)
    telling.done("The buyer confirmed delivery of exactly that content.", "买方确认交付内容与摘要一致。")
    invoice = _invoice(people, order, 12_000_000, 720_000)
    telling.done(
        f"Invoice {invoice['number']} recorded and verified; paid by bank.",
        f"发票 {invoice['number']} 已登记并查验，银行付款已登记。",
    )
    payee = {"account_name": cast.BUYER.name, "bank": "演示银行哈密分行", "account_number": "6222000000000000002"}
    redeemed = buyer.post(f"/vouchers/{voucher['id']}/redeem", invoice=invoice["id"], payee=payee)
    telling.done(
        f"Redeemed: {redeemed['amount_text']} of the year {redeemed['year']}.",
        f"核销：{redeemed['amount_text']}，计入 {redeemed['year']} 年。",
    )
    batch = people[cast.REVIEWER.login].post("/payment-batches", document=cast.DOCUMENT, vouchers=[voucher["id"]])
    telling.done("Settled into a payment batch; no money has moved.", "结算进入拨付批次；资金尚未流动。")
    carry_to_payment(people, telling, batch["id"], "BANK-2026-0002")
    compute = _compute_order(folder, people, telling)
    _quote(people, telling, compute)
    held = buyer.post("/vouchers", order=compute)
    telling.refused(
        "The compute voucher cannot be redeemed with the invoice of the data.",
        "不得以数据采购发票核销算力券。",
        lambda: buyer.post(f"/vouchers/{held['id']}/redeem", invoice=invoice["id"], payee=payee),
        "invoice_already_claimed",
    )
    telling.refused(
        "The same invoice number cannot be recorded twice.",
        "同一发票号码不得重复登记。",
        lambda: people.owner(cast.COMPUTE.key).post(
            f"/orders/{compute}/invoices",
            number=invoice["number"],
            issued_on=invoice["issued_on"],
            net_fen=200_000_000,
            vat_fen=12_000_000,
            kind="special",
        ),
        "invoice_number_known",
    )
    _balance(people, telling)


def _data_order(folder: Path, people: People, telling: Telling) -> str:
    publisher, exchange = people.owner(cast.PUBLISHER.key), people.owner(cast.EXCHANGE.key)
    listing = publisher.post(
        "/listings",
        dataset=data.ANNOTATED.name,
        version="v1",
        provider=people.firms[cast.EXCHANGE.key],
        product_kind="dataset",
        title=data.ANNOTATED.title,
        unit="套",
        unit_price_fen=12_000_000,
        vat_rate_bp=600,
        terms="许可使用一年，不得转让；交付以内容摘要为准。（演示）",
        purposes=["model_training"],
        source_statement=data.ANNOTATED.source,
        rights_statement="自行标注，持有与经营权归发布方（演示）",
        licence="LicenseRef-listing-terms",
        **_evidence(folder, publisher, "标注数据集来源与权利说明（演示）"),
    )
    exchange.post(f"/listings/{listing['id']}/accept")
    telling.done(
        "The publisher offers the derivative through the exchange: ¥120,000.00 without tax.",
        "发布方通过数据交易机构挂牌：¥120,000.00（不含税）。",
    )
    return _order(people, cast.EXCHANGE, listing, 1)


def _evidence(folder: Path, offerer: Person, text: str) -> dict[str, Any]:
    """File the document behind an offer; it shows the source and the right to trade."""
    place = document(folder, "offer.txt", text)
    filed = offerer.client.evidence.file(place, "statement").id
    return {"source_evidence": filed, "rights_evidence": filed}


def _compute_order(folder: Path, people: People, telling: Telling) -> str:
    compute = people.owner(cast.COMPUTE.key)
    listing = compute.post(
        "/listings",
        dataset=None,
        version=None,
        provider=people.firms[cast.COMPUTE.key],
        product_kind="compute",
        title="模型训练算力",
        unit="千卡时",
        unit_price_fen=1_000_000,
        vat_rate_bp=600,
        terms="按用量结算。（演示）",
        purposes=["model_training"],
        source_statement="自有算力（演示）",
        rights_statement="自有设施（演示）",
        **_evidence(folder, compute, "自有算力设施说明（演示）"),
    )
    order = _order(people, cast.COMPUTE, listing, 200)
    telling.done("Then compute for ¥2,000,000.00 without tax.", "随后采购算力：¥2,000,000.00（不含税）。")
    return order


def _order(people: People, seller: cast.DemoFirm, listing: dict[str, Any], quantity: int) -> str:
    buyer = people.owner(cast.BUYER.key)
    shown = buyer.get(f"/listings/{listing['id']}")
    order = buyer.post(
        "/orders",
        listing=listing["id"],
        quantity=quantity,
        purpose="model_training",
        terms_sha256=shown["terms_sha256"],
    )
    accepted = people.owner(seller.key).post(f"/orders/{order['id']}/accept")
    buyer.post(f"/orders/{order['id']}/sign", contract_digest=accepted["contract_digest"])
    return str(order["id"])


def _quote(people: People, telling: Telling, order: str) -> None:
    quote = people.owner(cast.BUYER.key).get("/voucher-quote", order=order)
    en, zh = BINDS[quote["binds"]]
    telling.done(
        f"Quote: the voucher covers {quote['amount_text']} ({quote['amount_capitals']}); what binds is {en}.",
        f"测算：可抵 {quote['amount_text']}（{quote['amount_capitals']}）；约束来自{zh}。",
    )
    for limit in quote["limits"]:
        telling.detail(f"{limit['detail']}", f"{limit['detail']}")


def _invoice(people: People, order: str, net_fen: int, vat_fen: int) -> dict[str, Any]:
    exchange, buyer = people.owner(cast.EXCHANGE.key), people.owner(cast.BUYER.key)
    today = _today(people)
    invoice = exchange.post(
        f"/orders/{order}/invoices",
        number=f"{today[2:4]}65{2}{1:015d}",
        issued_on=today,
        net_fen=net_fen,
        vat_fen=vat_fen,
        kind="special",
    )
    people[cast.REVIEWER.login].post(f"/invoices/{invoice['id']}/verification", status="verified", checked_on=today)
    buyer.post(
        f"/orders/{order}/payments",
        paid_on=today,
        amount_fen=net_fen + vat_fen,
        reference="PAY-2026-0001",
        from_own_account=True,
    )
    return invoice


def _balance(people: People, telling: Telling) -> None:
    reviewer = people[cast.REVIEWER.login]
    for pool in reviewer.get("/pools")["items"]:
        telling.done(
            f"Pool {pool['name']}: budget {pool['budget_text']}, used {pool['used_text']}, left {pool['left_text']}.",
            f"资金池 {pool['name']}：总额 {pool['budget_text']}，已用 {pool['used_text']}，余 {pool['left_text']}。",
        )
    for year in reviewer.get("/firm-years", firm=people.firms[cast.BUYER.key])["items"]:
        telling.done(
            f"{cast.BUYER.name}, {year['year']}: {year['used_text']} of {year['cap_text']}.",
            f"{cast.BUYER.name}，{year['year']} 年：{year['used_text']} / {year['cap_text']}。",
        )
    ledger = reviewer.get("/ledger")
    for account in ledger["accounts"]:
        telling.detail(
            f"{account['account']:60} {account['balance_text']:>18}",
            f"{account['account']:60} {account['balance_text']:>18}",
        )
    if not ledger["balanced"]:
        raise RuntimeError(say("The ledger does not balance.", "台账不平。"))
    telling.done("Debits equal credits, to the fen.", "借贷相等，分毫不差。")
