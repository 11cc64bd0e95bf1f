"""Who takes part in the demo: an authority with its officers, and firms with codes of the real format.

All firms are fictitious; their codes have a right check digit (GB 32100-2015) and name no registered firm.
"""

from dataclasses import dataclass
from typing import Final

REGION: Final = "650502"
"""哈密市伊州区 (GB/T 2260)."""

DOCUMENT: Final = "yizhou-2-year-measures"


@dataclass(frozen=True, slots=True)
class DemoFirm:
    """A firm of the demo and the account of its owner."""

    key: str
    name: str
    uscc: str
    region: str
    kind: str = "enterprise"

    @property
    def login(self) -> str:
        """The login of its owner."""
        return f"{self.key.replace('_', '-')}-owner"


@dataclass(frozen=True, slots=True)
class DemoOfficer:
    """An officer of the authority."""

    login: str
    name: str
    role: str


PUBLISHER: Final = DemoFirm("lvtu", "哈密绿图数据科技有限公司", "91650502MA7LT0A11F", "650502")
BUYER: Final = DemoFirm("biaozhu", "伊州智标数据标注有限公司", "91650502MA7BB0B22X", "650502")
COPYCAT: Final = DemoFirm("fangtu", "仿图信息技术有限公司", "91650502MA7FT0C336", "650502")
TIANSHAN: Final = DemoFirm("tianshan", "天山新能源集团有限公司（演示）", "91650100MA7TH0D445", "650100")
TIANSHAN_HAMI: Final = DemoFirm("tianshan_hami", "天山哈密运维有限公司（演示）", "91650502MA7TH0E55G", "650502")
KUNLUN: Final = DemoFirm("kunlun", "昆仑电力装备股份有限公司（演示）", "91620100MA7KL0F66H", "620100")
XIYU: Final = DemoFirm("xiyu", "西域光伏科技有限公司（演示）", "91610131MA7XY0G77B", "610131")
GOBI: Final = DemoFirm("gobi", "戈壁气象数据有限公司（演示）", "91650502MA7GB0H88M", "650502")
SILK: Final = DemoFirm("silu", "丝路文旅集团有限公司（演示）", "91650100MA7RL0J99T", "650100")
EXCHANGE: Final = DemoFirm("exchange", "西部数据交易中心有限公司（演示）", "91650100MA7EX0K12U", "650100")
COMPUTE: Final = DemoFirm("compute", "哈密公共算力中心有限公司（演示）", "91650502MA7CC0L23E", "650502")
LABORATORY: Final = DemoFirm("lab", "西部数据质量检测有限公司（演示）", "91650104MA7QL0M34D", "650104")
STATE_HOLDER: Final = DemoFirm(
    "guozi", "国有资产监督管理机构（演示）", "11650000MB7GA0N45G", "650000", "organ_of_state"
)

FIRMS: Final = (
    PUBLISHER,
    BUYER,
    COPYCAT,
    TIANSHAN,
    TIANSHAN_HAMI,
    KUNLUN,
    XIYU,
    GOBI,
    SILK,
    EXCHANGE,
    COMPUTE,
    LABORATORY,
)

REGISTRAR: Final = DemoOfficer("registrar", "登记员（演示）", "registrar")
REVIEWER: Final = DemoOfficer("reviewer", "初审员（演示）", "reviewer")
SECTION_HEAD: Final = DemoOfficer("section-head", "科室负责人（演示）", "section_head")
LEADER: Final = DemoOfficer("leader", "分管领导（演示）", "leader_in_charge")
PRINCIPAL: Final = DemoOfficer("principal", "主要领导（演示）", "principal_leader")
PAYER: Final = DemoOfficer("payer", "财政拨付员（演示）", "payer")
OFFICERS: Final = (REVIEWER, SECTION_HEAD, LEADER, PRINCIPAL, PAYER)
SIGNERS: Final = (SECTION_HEAD, LEADER, PRINCIPAL)
