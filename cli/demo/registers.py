"""Step 1: the bureau loads its policy, enters its rulings and keeps its registers."""

from typing import Any

from cli.demo import cast
from cli.demo.people import People, Person
from cli.demo.stage import Stage
from cli.demo.telling import Telling
from cli.words import say

ISSUED_ON = "2026-01-20"
RULED_ON = "2026-02-02"
SOURCE = "演示登记"
INSTRUMENTS = frozenset({"yz-4-data", "yz-4-compute", "yz-14a"})


def tell(stage: Stage, people: People, telling: Telling) -> None:
    """Act as operator and bureau."""
    telling.chapter(1, "The bureau loads its policy and keeps its registers", "主管部门载入政策、登记主体")
    registrar = _found(stage, people, telling)
    _officers(people, registrar, telling)
    _policy(registrar, telling)
    _firms(people, registrar, telling)
    _lists(registrar, telling)
    _providers(people, registrar, telling)


def _found(stage: Stage, people: People, telling: Telling) -> Person:
    made = stage.operator(
        *("admin", "found-authority", "yizhou", "--name-zh", "哈密市伊州区发改委（数发局）", "--region", cast.REGION),
        *("--name-en", "Data Bureau of Yizhou District", "--login", cast.REGISTRAR.login),
        *("--display-name", cast.REGISTRAR.name),
    )
    telling.done("The operator founded the authority of Yizhou.", "运维人员设立伊州区主管部门。")
    return people.activate(cast.REGISTRAR.login, str(made["activation_code"]))


def _officers(people: People, registrar: Person, telling: Telling) -> None:
    for officer in cast.OFFICERS:
        invited = registrar.post("/officers", login=officer.login, display_name=officer.name, roles=[officer.role])
        people.activate(officer.login, invited["activation_code"])
    telling.done(
        "Six officers, one office each: registrar, reviewer, three signers, payer.",
        "六名经办人各司其职：登记、初审、三级签批、财政拨付。",
    )


def _policy(registrar: Person, telling: Telling) -> None:
    registrar.post("/policies", document=cast.DOCUMENT, issued_on=ISSUED_ON, reference="演示印发文号")
    telling.done(
        f"Policy of Yizhou loaded (clauses 4 and 14), issued on {ISSUED_ON} (a demonstration value).",
        f"载入伊州区 2 年期措施（第四条、第十四条），印发日期 {ISSUED_ON}（演示值）。",
    )
    assumptions = [
        found
        for found in registrar.get(f"/policies/{cast.DOCUMENT}")["assumptions"]
        if found["open"] and INSTRUMENTS & set(found["applies_to"])
    ]
    telling.done(
        f"{len(assumptions)} rulings for what the document leaves open, each confirming its default "
        "(demonstration values):",
        f"就文件未尽之处作出 {len(assumptions)} 项解释，均采默认读法（演示值）：",
    )
    for number, found in enumerate(assumptions, 1):
        registrar.post(
            "/rulings",
            document=cast.DOCUMENT,
            assumption=found["id"],
            number=f"YZ-2026-{number:02d}",
            decided_on=RULED_ON,
            organ="哈密市伊州区发改委（数发局）",
            text=f"{found['question_zh']}采默认读法。（演示）",
            value=None,
        )
        telling.detail(
            f"{found['id']:28} {found['question_en']} → {_shown(found['default'])}",
            f"{found['id']:28} {found['question_zh']} → {_shown(found['default'])}",
        )


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _firms(people: People, registrar: Person, telling: Telling) -> None:
    for firm in (*cast.FIRMS, cast.STATE_HOLDER):
        has_owner = firm is not cast.STATE_HOLDER
        made = registrar.post(
            "/firms",
            uscc=firm.uscc,
            name=firm.name,
            region=firm.region,
            kind=firm.kind,
            owner_login=firm.login if has_owner else None,
            owner_name=f"{firm.name}负责人" if has_owner else None,
        )
        people.firms[firm.key] = made["id"]
        if has_owner:
            people.activate(firm.login, made["activation_code"])
    for controller, controlled, share_bp in (
        (cast.STATE_HOLDER, cast.TIANSHAN, 10_000),
        (cast.STATE_HOLDER, cast.KUNLUN, 6_000),
        (cast.TIANSHAN, cast.TIANSHAN_HAMI, 8_000),
    ):
        registrar.post(
            "/controls",
            controller=people.firms[controller.key],
            controlled=people.firms[controlled.key],
            kind="equity",
            share_bp=share_bp,
            valid_from="2024-01-01",
            valid_until=None,
            source=SOURCE,
            obtained_on=ISSUED_ON,
        )
    for firm, predicates in (
        (cast.BUYER, ("data_annotation_firm", "operates_in_region", "credit_clean")),
        (cast.PUBLISHER, ("data_annotation_firm", "operates_in_region", "credit_clean")),
    ):
        for predicate in predicates:
            registrar.post(
                "/facts",
                firm=people.firms[firm.key],
                predicate=predicate,
                finding="true",
                valid_from="2026-01-01",
                valid_until=None,
                source=SOURCE,
                obtained_on=ISSUED_ON,
            )
    telling.done(
        f"{len(cast.FIRMS)} firms with unified social credit codes and their control relations; two of them below one "
        "state holder, which does not make them related.",
        f"登记 {len(cast.FIRMS)} 家企业（统一社会信用代码）及控制关系；其中两家同属一国资监管机构，不因此构成关联。",
    )


def _lists(registrar: Person, telling: Telling) -> None:
    for name, sectors, firms in (
        (
            say("New energy leaders (demo)", "新能源行业龙头企业名单（演示）"),
            ["new_energy"],
            (cast.TIANSHAN, cast.TIANSHAN_HAMI, cast.KUNLUN, cast.XIYU, cast.GOBI),
        ),
        (
            say("Cultural tourism leaders (demo)", "文化旅游行业龙头企业名单（演示）"),
            ["cultural_tourism"],
            (cast.SILK,),
        ),
    ):
        registrar.post(
            "/leader-lists",
            name=name,
            issuer="演示名单发布单位",
            level="provincial",
            sectors=sectors,
            batch="2025-1",
            valid_from="2025-06-01",
            valid_until="2028-06-01",
            document_sha256="sha256:" + "0" * 63 + str(len(firms)),
            admission={
                "number": f"YZ-L-{sectors[0]}",
                "decided_on": RULED_ON,
                "organ": "哈密市伊州区发改委（数发局）",
                "criteria": "省级以上行业主管部门公布（演示）",
            },
            entries=[{"uscc": firm.uscc, "name": firm.name} for firm in firms],
        )
    telling.done("Two leader lists admitted: new energy, cultural tourism.", "采认两份龙头企业名单：新能源、文化旅游。")


def _providers(people: People, registrar: Person, telling: Telling) -> None:
    green = {"kind": "green", "number": "GREEN-2026-001", "valid_from": "2026-01-01", "valid_until": "2027-01-01"}
    for firm, kind, certificates in (
        (cast.EXCHANGE, "data_exchange", []),
        (cast.COMPUTE, "compute_centre", [green]),
        (cast.LABORATORY, "quality_laboratory", []),
    ):
        registrar.post(
            "/providers",
            firm=people.firms[firm.key],
            kind=kind,
            licence_number=f"LIC-{kind}",
            valid_from="2025-01-01",
            valid_until="2029-01-01",
            certificates=certificates,
            source=SOURCE,
            obtained_on=ISSUED_ON,
        )
    telling.done(
        "Providers: a data exchange, a compute centre (green certificate valid to 2026-12-31), a quality laboratory.",
        "登记服务机构：数据交易机构、公共算力中心（绿色证书有效期至 2026-12-31）、质量检测机构。",
    )
