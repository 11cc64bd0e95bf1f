"""The command line: commands over the client ``sancai``; commands of the server load it when they run.

``COMMANDS`` is all that ``sancai --help`` needs, so it answers without importing a single command.
"""

from importlib import import_module
from typing import Any, Final, NamedTuple

import click

from cli.output import authority_option
from cli.words import say


class Listed(NamedTuple):
    """Where a command is, and what it does in one line."""

    module: str
    en: str
    zh: str


COMMANDS: Final[dict[str, Listed]] = {
    "login": Listed("cli.commands.login", "Sign in to a service.", "登录服务。"),
    "logout": Listed("cli.commands.logout", "Forget the token of a service.", "退出登录并删除令牌。"),
    "whoami": Listed("cli.commands.whoami", "Show as whom you are signed in.", "显示当前登录身份。"),
    "publish": Listed("cli.commands.publish", "Publish a file or folder as a dataset.", "将文件或文件夹发布为数据集。"),
    "import": Listed(
        "cli.commands.import_", "Import a folder that was downloaded from another hub.", "导入从其他平台下载的文件夹。"
    ),
    "pull": Listed("cli.commands.pull", "Download a dataset and check every byte.", "下载数据集并逐字节校验。"),
    "diff": Listed("cli.commands.diff", "Show what a version changed.", "比较两个版本的差异。"),
    "search": Listed("cli.commands.search", "Find datasets.", "搜索数据集。"),
    "dataset": Listed("cli.commands.dataset", "Show a dataset, its versions and files.", "查看数据集、版本与文件。"),
    "adopt": Listed("cli.commands.adopt", "Attest that you use a dataset.", "出具数据集采信使用证明。"),
    "board": Listed("cli.commands.board", "What the documents ask for, and what is reached.", "目标看板与采信统计。"),
    "scene": Listed("cli.commands.scene", "Publish scenes, answer them with datasets.", "发布与应答场景机会。"),
    "annotation": Listed("cli.commands.annotation", "Public data to be annotated.", "公共数据标注目录。"),
    "quality": Listed("cli.commands.quality", "File quality reports.", "提交质量检测报告。"),
    "award": Listed("cli.commands.award", "Check and apply for an award.", "核验并申请奖励。"),
    "grant": Listed("cli.commands.grant", "Apply for and assess grants.", "申请和核定各项补贴。"),
    "person": Listed(
        "cli.commands.person", "Register natural persons and erase their data.", "登记自然人、删除其数据。"
    ),
    "case": Listed("cli.commands.case", "Review, sign, post and pay a case.", "审核、签批、公示与拨付。"),
    "contest": Listed("cli.commands.contest", "Contest who was first, file evidence.", "首发争议：举证与裁定。"),
    "round": Listed("cli.commands.round", "Rounds of applications.", "申报轮次：发布、修订与延期。"),
    "expert": Listed("cli.commands.expert", "Experts, panels and scores.", "专家库、抽取与评分。"),
    "office": Listed("cli.commands.office", "Terms, ties, absence, delegation.", "期限、回避、缺勤与授权。"),
    "listing": Listed("cli.commands.listing", "Offer data or compute for sale.", "上架数据或算力产品。"),
    "order": Listed("cli.commands.order", "Order, deliver, invoice and pay.", "下单、交付、开票与付款。"),
    "voucher": Listed("cli.commands.voucher", "Quote, hold and redeem vouchers.", "数据券与算力券：测算、申领、核销。"),
    "pool": Listed("cli.commands.pool", "Show and open pools of vouchers.", "查看与设立券资金池。"),
    "desk": Listed("cli.commands.desk", "Burn-down, queue, holds, use of firms.", "资金进度、待拨队列、申领与额度。"),
    "ledger": Listed("cli.commands.ledger", "Verify and open the ledger.", "核验与启用台账。"),
    "policy": Listed("cli.commands.policy", "Read policies, load them, enter rulings.", "查看与载入政策，录入解释。"),
    "firm": Listed("cli.commands.firm", "Register firms and what is known of them.", "登记企业及其信息。"),
    "account": Listed("cli.commands.account", "Members, officers and service accounts.", "成员、经办人与服务账号。"),
    "token": Listed("cli.commands.token", "Make and end access tokens.", "创建与停用访问令牌。"),
    "webhook": Listed("cli.commands.webhook", "Have messages sent to an address.", "将消息推送到网络地址。"),
    "serve": Listed("cli.commands.serve", "Run the service.", "运行服务。"),
    "worker": Listed("cli.commands.worker", "Run a worker for long tasks.", "运行后台任务进程。"),
    "notice-probe": Listed("cli.commands.notice_probe", "Look at notice pages from outside.", "从外部探测公示页面。"),
    "migrate": Listed("cli.commands.migrate", "Bring the database to this release.", "将数据库升级到本版本。"),
    "doctor": Listed("cli.commands.doctor", "Say what is wrong and how to mend it.", "检查配置并给出修复办法。"),
    "verify": Listed("cli.commands.verify", "Check signatures, bytes, log and ledger.", "校验签名、字节、日志和台账。"),
    "admin": Listed("cli.commands.admin", "Set up an installation, look after its store.", "初始化安装，维护存储。"),
    "demo": Listed("cli.commands.demo", "Run the whole job on real data.", "用真实数据走完全流程。"),
}

EXIT_CODES: Final = (
    (0, "done", "完成"),
    (1, "unexpected failure", "意外错误"),
    (2, "wrong usage", "用法错误"),
    (3, "a value is invalid", "取值无效"),
    (4, "not allowed, or not signed in", "无权限或未登录"),
    (5, "not found", "未找到"),
    (6, "conflict with the present state", "与当前状态冲突"),
    (7, "refused by a rule", "规则不允许"),
    (8, "unavailable now", "暂不可用"),
    (9, "content is corrupt", "内容已损坏"),
    (130, "interrupted", "已中断"),
)


class Root(click.Group):
    """The group that loads a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return the command of that name, importing its module."""
        if not (listed := COMMANDS.get(cmd_name)):
            return None
        command: click.Command = import_module(listed.module).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the table, importing nothing."""
        with formatter.section(say("Commands", "命令")):
            formatter.write_dl([(name, say(listed.en, listed.zh)) for name, listed in COMMANDS.items()])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the exit codes."""
        with formatter.section(say("Exit codes", "退出码")):
            formatter.write_dl([(str(code), say(en, zh)) for code, en, zh in EXIT_CODES])
        with formatter.section(say("Example", "示例")):
            formatter.write(f"{'':>{formatter.current_indent}}$ sancai search 能源\n")

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """Complete names from the table; options as click does."""
        from click.shell_completion import CompletionItem

        if incomplete.startswith("-"):
            return click.Command.shell_complete(self, ctx, incomplete)
        return [
            CompletionItem(name, help=say(listed.en, listed.zh))
            for name, listed in COMMANDS.items()
            if name.startswith(incomplete)
        ]


def _print_version(context: click.Context, _: click.Parameter, value: bool) -> None:
    if not value:
        return
    from importlib.metadata import version

    click.echo(f"sancai {version('sancai')}")
    context.exit()


root = Root(
    name="sancai",
    help=say(
        "Sancai 三采: publish a sector dataset, see it adopted, award it, redeem vouchers.",
        "三采：发布行业数据集，获得采信，申请奖励，核销数据券。",
    ),
    params=[
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_print_version,
            help=say("Print the release.", "显示版本。"),
        ),
        authority_option(),
    ],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with a code that means something."""
    import sys

    from cli.failures import run

    sys.exit(run(root, sys.argv[1:] if arguments is None else arguments))
