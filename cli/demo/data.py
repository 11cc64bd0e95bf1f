"""The datasets of the demo: real data that others collected, as it comes inside well-known packages.

Each is written as its publisher would have it (Parquet, CSV, JSONL), with its source, its licence and the day on which
it was first public; nothing is invented. The derivative is the publisher's own work: the energy set with annotations.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pandas import DataFrame, Series

STANDARD_IRRADIANCE_W_M2: Final = 1000
PLAUSIBLE_FILL_FACTOR: Final = (0.68, 0.82)


@dataclass(frozen=True, slots=True)
class RealDataset:
    """A dataset and everything its publisher states about it."""

    name: str
    title: str
    description: str
    sector: str
    licence: str
    file_name: str
    origin: str
    source: str
    source_url: str | None
    source_licence: str | None
    earlier: tuple[str, date] | None
    write: Callable[[Path], None]
    keywords: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    contributors: tuple[tuple[str, str], ...] = field(default=())


def pv_modules() -> "DataFrame":
    """Return the CEC module database of NREL's System Advisor Model, as pvlib ships it: one row per module."""
    import pandas as pd
    import pvlib

    path = Path(pvlib.__file__).parent / "data" / "sam-library-cec-modules-2019-03-05.csv"
    # The second and third line hold units and the names of SAM's variables.
    return pd.read_csv(path, skiprows=[1, 2])


def _write_energy(path: Path) -> None:
    pv_modules().to_parquet(path, index=False)


def _write_tourism(path: Path) -> None:
    from statsmodels.datasets import modechoice

    modechoice.load_pandas().data.astype(int).to_csv(path, index=False)


def _write_medical(path: Path) -> None:
    from sklearn.datasets import load_breast_cancer

    bunch = load_breast_cancer(as_frame=True)
    names = {index: str(name) for index, name in enumerate(bunch.target_names)}
    with path.open("w", encoding="utf-8") as file:
        for row in bunch.frame.to_dict("records"):
            label = names[int(row.pop("target"))]
            file.write(json.dumps({"diagnosis": label, "measurements": row}, ensure_ascii=False) + "\n")


def annotated_modules() -> "DataFrame":
    """Return eight columns of the module database with nine columns of annotations beside them.

    Every annotation follows from the module's published figures by a rule stated in the column's specification.
    """
    import pandas as pd

    modules = pv_modules()
    efficiency = modules["STC"] / modules["A_c"] / STANDARD_IRRADIANCE_W_M2
    ratio = modules["PTC"] / modules["STC"]
    power = modules["I_mp_ref"] * modules["V_mp_ref"]
    fill = power / (modules["I_sc_ref"] * modules["V_oc_ref"])
    annotated = modules[["Name", "Technology", "STC", "PTC", "A_c", "T_NOCT", "gamma_r", "N_s"]].copy()
    annotated["效率_百分比"] = (efficiency * 100).round(2)
    annotated["效率等级"] = _graded(efficiency, [0.10, 0.14, 0.16, 0.18], ["E", "D", "C", "B", "A"])
    annotated["填充因子"] = fill.round(4)
    annotated["现场出力比"] = ratio.round(4)
    annotated["高温适应性"] = _graded(modules["gamma_r"], [-0.48, -0.43, -0.38], ["弱", "中", "较强", "强"])
    annotated["戈壁电站适用"] = ((modules["gamma_r"] > -0.43) & (efficiency > 0.15)).map({True: "适用", False: "慎用"})
    annotated["参数复核"] = fill.between(*PLAUSIBLE_FILL_FACTOR).map({True: "通过", False: "复核"})
    annotated["标注说明"] = [
        f"{name}：效率{value:.2f}%，温度系数{gamma:.3f}%/℃"
        for name, value, gamma in zip(modules["Name"], efficiency * 100, modules["gamma_r"], strict=True)
    ]
    annotated["标注方式"] = "半自动标注"
    return pd.DataFrame(annotated)


def _graded(values: "Series[float]", edges: list[float], grades: list[str]) -> "Series[str]":
    import pandas as pd

    cut = pd.cut(values, [float("-inf"), *edges, float("inf")], labels=grades, right=False)
    return cut.astype(str)


def _write_annotated(path: Path) -> None:
    annotated_modules().to_parquet(path, index=False)


def write_disguised_copy(path: Path) -> None:
    """Write the energy set once more with renamed and reversed columns and shuffled rows."""
    modules = pv_modules()
    disguised = modules[list(reversed(modules.columns))].sample(frac=1, random_state=20260302)
    disguised.columns = [f"feature_{number:02d}" for number in range(len(disguised.columns))]
    disguised.to_parquet(path, index=False)


ENERGY: Final = RealDataset(
    name="lvtu/pv-modules-cec",
    title="光伏组件性能参数库（CEC）",
    description="加州能源委员会（CEC）测试的 21,535 种光伏组件的电气与热学参数，来自 NREL 系统顾问模型（SAM）。",
    sector="new_energy",
    licence="BSD-3-Clause",
    file_name="pv_modules.parquet",
    origin="third_party",
    source="NREL System Advisor Model, CEC module library, as shipped by pvlib",
    source_url="https://github.com/pvlib/pvlib-python",
    source_licence="BSD-3-Clause",
    earlier=("NREL SAM library, CEC modules", date(2019, 3, 5)),
    write=_write_energy,
    keywords=("光伏", "组件", "photovoltaic"),
)

TOURISM: Final = RealDataset(
    name="lvtu/travel-mode-choice",
    title="城际旅行方式选择调查",
    description="1987 年悉尼、堪培拉、墨尔本之间 210 次非商务旅行的方式选择（飞机、火车、大巴、自驾），840 行。",
    sector="cultural_tourism",
    licence="CC0-1.0",
    file_name="travel_mode_choice.csv",
    origin="third_party",
    source="Greene and Hensher, intercity mode choice study, as shipped by statsmodels",
    source_url="https://www.statsmodels.org/stable/datasets/generated/modechoice.html",
    source_licence="Public domain",
    earlier=("Greene & Hensher, LIMDEP 7.0 User's Manual", date(1997, 1, 1)),
    write=_write_tourism,
    keywords=("旅游", "出行", "travel"),
)

MEDICAL: Final = RealDataset(
    name="lvtu/breast-cancer-wisconsin",
    title="威斯康星乳腺肿瘤诊断数据",
    description="569 例乳腺肿块细针穿刺图像的 30 项细胞核测量值与良恶性诊断。",
    sector="medical",
    licence="CC-BY-4.0",
    file_name="breast_cancer.jsonl",
    origin="third_party",
    source="Wolberg, Street and Mangasarian, UCI Machine Learning Repository, as shipped by scikit-learn",
    source_url="https://archive.ics.uci.edu/dataset/17/breast+cancer+wisconsin+diagnostic",
    source_licence="CC-BY-4.0",
    earlier=("UCI Machine Learning Repository", date(1995, 10, 31)),
    write=_write_medical,
    keywords=("医疗", "肿瘤", "diagnosis"),
)

ANNOTATED: Final = RealDataset(
    name="lvtu/pv-modules-annotated",
    title="光伏组件戈壁电站适用性标注集",
    description="在 CEC 组件参数库之上自行标注：效率等级、高温适应性、戈壁电站适用性、参数复核与中文说明。",
    sector="new_energy",
    licence="CC-BY-4.0",
    file_name="pv_modules_annotated.parquet",
    origin="self_built",
    source="Own annotation of lvtu/pv-modules-cec@v1",
    source_url=None,
    source_licence="BSD-3-Clause",
    earlier=None,
    write=_write_annotated,
    keywords=("光伏", "标注", "戈壁"),
    parents=("lvtu/pv-modules-cec@v1",),
    contributors=(("gobi", "source"),),
)

REPUBLISHED: Final = (ENERGY, TOURISM, MEDICAL)
