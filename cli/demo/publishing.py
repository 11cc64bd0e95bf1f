"""Steps 2 and 3: real datasets are published, a disguised copy is refused, leading firms adopt the derivative."""

from pathlib import Path
from typing import Any

from cli.demo import cast, data
from cli.demo.people import People, Person, document
from cli.demo.telling import Telling, percent
from cli.output import bytes_text
from sancai.publishing import Published, publish

NAME_OF_COPY = "fangtu/solar-features"
ADOPTED_ON = "2026-03-02"


def tell_publishing(folder: Path, people: People, telling: Telling) -> dict[str, Published]:
    """Publish three real datasets and the derivative; return what was published by name."""
    telling.chapter(2, "A publisher publishes real datasets", "发布方发布真实数据集")
    publisher = people.owner(cast.PUBLISHER.key)
    published = {}
    for dataset in (*data.REPUBLISHED, data.ANNOTATED):
        published[dataset.name] = _publish(dataset, folder, publisher, people, telling)
    copycat = people.owner(cast.COPYCAT.key)
    place = folder / "solar_features.parquet"
    data.write_disguised_copy(place)
    telling.refused(
        f"{NAME_OF_COPY}: a copy with renamed columns and shuffled rows is refused as near-duplicate.",
        f"{NAME_OF_COPY}：改列名、打乱行序的副本被认定为近似重复，不予发布。",
        lambda: publish(
            copycat.client,
            place,
            NAME_OF_COPY,
            title="太阳能特征集",
            sector="new_energy",
            licence="CC-BY-4.0",
            source="自建",
            origin="self_built",
        ),
        "near_duplicate",
    )
    return published


def _publish(dataset: data.RealDataset, folder: Path, publisher: Person, people: People, telling: Telling) -> Published:
    place = folder / dataset.file_name
    dataset.write(place)
    made = publish(
        publisher.client,
        place,
        dataset.name,
        title=dataset.title,
        description=dataset.description,
        sector=dataset.sector,
        licence=dataset.licence,
        access="gated" if dataset is data.ANNOTATED else "public",
        keywords=dataset.keywords,
        message="首次发布",
        origin=dataset.origin,
        source=dataset.source,
        source_url=dataset.source_url,
        source_licence=dataset.source_licence,
        earlier_publications=[
            {"where": where, "published_on": day.isoformat(), "url": dataset.source_url}
            for where, day in ([dataset.earlier] if dataset.earlier else [])
        ],
        parents=dataset.parents,
        contributors=[
            {"firm": people.firms[key], "name": _name_of(key), "role": role} for key, role in dataset.contributors
        ],
    )
    version = made.version
    report = made.report or {}
    rows, columns = int(report["rows"]), len(report["columns"])
    telling.done(
        f"{dataset.name}@v{version.number}: {dataset.title}, {rows:,} rows × {columns} columns, "
        f"{bytes_text(made.size_bytes)}, {dataset.licence}",
        f"{dataset.name}@v{version.number}：{dataset.title}，{rows:,} 行 × {columns} 列，"
        f"{bytes_text(made.size_bytes)}，{dataset.licence}",
    )
    telling.detail(f"content {version.content_digest}", f"内容摘要 {version.content_digest}")
    telling.detail(f"source: {dataset.source}", f"来源：{dataset.source}")
    if made.new_share_bp is not None:
        telling.detail(
            f"derived from {', '.join(dataset.parents)}; new share {percent(made.new_share_bp)} of its cells",
            f"派生自 {'、'.join(dataset.parents)}；新增单元格占比 {percent(made.new_share_bp)}",
        )
    return made


def _name_of(key: str) -> str:
    return next(firm.name for firm in cast.FIRMS if firm.key == key)


def tell_adoption(folder: Path, people: People, telling: Telling, published: dict[str, Published]) -> None:
    """Let leading firms attest, and show who does not count and why."""
    telling.chapter(3, "Leading firms attest that they use the derivative", "龙头企业采信使用衍生数据集")
    name = data.ANNOTATED.name
    publisher = people.owner(cast.PUBLISHER.key)
    _assess(folder, people, telling, published)
    for firm in (cast.TIANSHAN, cast.TIANSHAN_HAMI, cast.KUNLUN, cast.GOBI, cast.XIYU):
        if firm is cast.XIYU:
            _show_verdict(publisher, name, telling)
        receipt = attest(folder, people, firm, name, published[name].version.content_digest)
        counted = publisher.get(f"/datasets/{name}/adoption")
        judged = next(found for found in counted["receipts"] if found["id"] == receipt["id"])
        if judged["counts"]:
            telling.done(f"{counted['text']}: {firm.name}", f"{_text_zh(counted)}：{firm.name}")
            continue
        telling.done(
            f"{counted['text']}: {firm.name} attests and does not count:",
            f"{_text_zh(counted)}：{firm.name} 已出具证明，但不计入：",
        )
        for reason in judged["reasons"]:
            telling.detail(f"– {reason['detail']} [{reason['clause']}]", f"– {reason['detail']} [{reason['clause']}]")
    _show_verdict(publisher, name, telling)


def _text_zh(counted: dict[str, Any]) -> str:
    return f"{counted['counted']}/{counted['needed']}"


def _show_verdict(publisher: Person, name: str, telling: Telling) -> None:
    verdict = check(publisher, name)
    missing = [found["detail"] for found in verdict["conditions"] if found["finding"] != "met"]
    if verdict["eligible"]:
        telling.done(
            f"Would it pass? Yes: {verdict['amount_text']} ({verdict['amount_capitals']}).",
            f"能否获奖？可以：{verdict['amount_text']}（{verdict['amount_capitals']}）。",
        )
    else:
        telling.done(f"Would it pass? Not yet: {' '.join(missing)}", f"能否获奖？尚不符合：{''.join(missing)}")


def check(person: Person, name: str) -> dict[str, Any]:
    """Return the verdict on the award of clause 14a for a dataset."""
    return person.get("/award-check", instrument="yz-14a", dataset=name)


def attest(folder: Path, people: People, firm: cast.DemoFirm, name: str, digest: str) -> dict[str, Any]:
    """Let the owner of ``firm`` file its three documents and attest from its own account."""
    owner = people.owner(firm.key)
    evidence: dict[str, Any] = {
        field: owner.client.evidence.file(
            document(folder, f"{firm.key}-{kind}.txt", f"{title}\n单位：{firm.name}\n数据集：{name}\n{digest}"), kind
        ).id
        for field, kind, title in (
            ("statement", "statement", "采信应用证明"),
            ("contract", "contract", "数据集使用合同"),
            ("delivery", "delivery_receipt", "交付签收单"),
        )
    }
    return owner.post(
        "/adoptions",
        dataset=name,
        content_digest=digest,
        purpose="model_training",
        product="光伏选型模型",
        started_on=ADOPTED_ON,
        **evidence,
    )


def _assess(folder: Path, people: People, telling: Telling, published: dict[str, Published]) -> None:
    laboratory = people.owner(cast.LABORATORY.key)
    for dataset in (*data.REPUBLISHED, data.ANNOTATED):
        digest = published[dataset.name].version.content_digest
        place = document(folder, f"report-{dataset.file_name}.txt", f"质量检测报告\n{dataset.name}\n{digest}")
        laboratory.post(
            "/quality-reports",
            dataset=dataset.name,
            content_digest=digest,
            documentation_hundredths=9500,
            data_quality_hundredths=9320,
            model_application_hundredths=9150,
            method="TC609-5-2025-04（演示评分）",
            report=laboratory.client.evidence.file(place, "quality_report").id,
        )
    telling.done(
        "The laboratory reports on all four: 95.00, 93.20 and 91.50 in the three dimensions (demonstration scores).",
        "质量检测机构出具四份报告：三个维度 95.00、93.20、91.50 分（演示评分）。",
    )
