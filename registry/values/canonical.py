"""Canonical JSON (RFC 8785): the same value is the same bytes everywhere, so that it can be hashed and signed."""

from collections.abc import Mapping, Sequence
from typing import cast

import rfc8785

from registry.errors import InvalidValueError

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]
"""A value JSON can hold. Only ``dict``, ``list`` and ``tuple`` are written; other mappings are refused."""


def canonical_json(value: Json) -> bytes:
    """Return ``value`` as canonical JSON.

    Raises:
        InvalidValueError: NaN and infinities, integers from 2^53 on (``json_number_out_of_range``), lone surrogates
            (``json_text_malformed``), and what JSON does not have or nests too deep (``json_not_canonical``).
    """
    try:
        return rfc8785.dumps(cast("dict[str, object]", value))  # type: ignore[arg-type]
    except (rfc8785.FloatDomainError, rfc8785.IntegerDomainError) as error:
        raise InvalidValueError("json_number_out_of_range") from error
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as error:
        # The library lets a lone surrogate in a key through as it is and wraps one in a value.
        in_text = isinstance(error, UnicodeEncodeError) or isinstance(error.__cause__, UnicodeEncodeError)
        raise InvalidValueError("json_text_malformed" if in_text else "json_not_canonical") from error
