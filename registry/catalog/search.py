"""Words to look up in any script: two-character pieces of Chinese, Japanese and Korean, whole words of the rest.

A Chinese text has no spaces; every two neighbouring characters are a token, so that a word of two characters is found
wherever it stands and a longer one by all its pieces. A token of the title stands a second time with ``@`` before it,
so that title hits can come first.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

TOKEN_LENGTH_MAX = 64
TOKENS_MAX = 20_000
WORDS_MAX = 32

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+")


def tokens(text: str) -> Iterator[str]:
    """Yield the tokens of a text; text that is equal under NFKC and case folding has equal tokens."""
    for run in _RUN.findall(unicodedata.normalize("NFKC", text).casefold()):
        if re.match(rf"[{_CJK}]", run) and len(run) > 1:
            yield from (run[place : place + 2] for place in range(len(run) - 1))
        else:
            yield run[:TOKEN_LENGTH_MAX]


def document_tokens(title: str, others: Iterable[str]) -> list[str]:
    """Return the distinct tokens of a dataset: those of its title twice, plain and with ``@``, then all others."""
    of_title = dict.fromkeys(tokens(title))
    found = dict.fromkeys([f"@{token}" for token in of_title])
    found |= of_title
    for text in others:
        found |= dict.fromkeys(tokens(text))
    return list(found)[:TOKENS_MAX]


def query_words(text: str) -> list[str]:
    """Return the distinct tokens that are looked for, at most ``WORDS_MAX``."""
    return list(dict.fromkeys(tokens(text)))[:WORDS_MAX]


def all_of(tokens: Iterable[str]) -> str:
    """Return what PostgreSQL reads as a ``tsquery`` for all of some tokens."""
    return " & ".join("'" + token.replace("\\", "\\\\").replace("'", "''") + "'" for token in tokens)
