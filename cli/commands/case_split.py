"""``sancai case sign-split`` and ``unsign-split``: how joint makers agree to what each of them receives."""

import click

from cli.connection import client
from cli.output import Leaf, show
from cli.words import say


@click.command(
    "sign-split",
    cls=Leaf,
    help=say(
        "Agree, as a joint maker, to the split of CASE as it stands, and say where your part goes.",
        "作为联合制作单位签署 CASE 现行分配方案，并填报本单位收款账户。",
    ),
    example='sancai case sign-split case_… --account-name "…公司" --bank "工商银行哈密分行" --account-number 6222…',
)
@click.argument("case")
@click.option("--account-name", required=True, help=say("Name of your firm's account.", "本企业账户名称。"))
@click.option("--bank", required=True, help=say("Bank of the account.", "开户银行。"))
@click.option("--account-number", required=True, help=say("Number of the account.", "账号。"))
@click.option(
    "--split", help=say("The digest you agree to; by default the one of now.", "所签方案摘要，默认现行方案。")
)
def sign_split(case: str, account_name: str, bank: str, account_number: str, split: str | None) -> None:
    """Sign a split."""
    from cli.commands.case import print_case

    with client() as service:
        standing = service.cases.case(case).split
        # Of a case without a split the service says what is wrong, whatever digest is sent.
        digest = split or (standing.digest if standing else f"sha256:{'0' * 64}")
        made = service.cases.sign_split(
            case, digest, account_name=account_name, bank=bank, account_number=account_number
        )
    show(made, print_case)


@click.command(
    "unsign-split",
    cls=Leaf,
    help=say(
        "Take your signature under the split of CASE back, before its review.", "审核前撤回对 CASE 分配方案的签署。"
    ),
    example="sancai case unsign-split case_…",
)
@click.argument("case")
def unsign_split(case: str) -> None:
    """Take a signature back."""
    from cli.commands.case import print_case

    with client() as service:
        made = service.cases.withdraw_split_signature(case)
    show(made, print_case)


COMMANDS = (sign_split, unsign_split)
