"""Public names: ``namespace/slug``, what people type and what stands in an address.

Rules:
* Only ``A-Z a-z 0-9 . _ -``, so that a name is the same in a shell, an address and a file system. A title may be in any
  script; a name may not.
* A segment has 2 to 64 characters, the whole at most 96; neither ``--`` nor ``..`` occurs, no segment begins or ends
  with a full stop or a hyphen, none ends in ``.git``. What passes here passes ``huggingface_hub``
  (``validate_repo_id``), too.
* Two names that differ only in case are the same name: compare and store ``key``.
* A namespace may not be a word that an address of the service begins with, now or later.
"""

import re
from dataclasses import dataclass

from registry.errors import InvalidValueError

SEGMENT_LENGTH_MIN = 2
SEGMENT_LENGTH_MAX = 64
NAME_LENGTH_MAX = 96

# Doors of the service and of the clients it serves; pages and operations; words that would pass for the operator, the
# bureau or nobody.
_RESERVED = """
    api v1 v2 v3 datasets dataset models spaces collections papers organizations log xet delta-sharing openapi
    openapi.json objects incoming published evidence oauth oauth2 login logout auth token tokens sign-in sign-up
    sign-out sign_in sign_up sign_out well-known resolve raw tree blob commit commits info lfs

    about account accounts admin assets awards adoption cases dashboard docs firms health healthz help home index join
    journal listings me metrics new notices orders policy pricing privacy profile public readyz robots.txt rulings
    feeds mail search settings static status support system terms tmp user users vouchers webhooks www

    anonymous bureau everyone none null official root sancai undefined
"""

RESERVED_NAMESPACES = frozenset(_RESERVED.split())
"""Words a namespace may not be, in lower case."""

_SEGMENT = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class PublicName:
    """The name of a dataset as its publisher writes it. Equality heeds case; uniqueness is decided by ``key``."""

    namespace: str
    slug: str

    def __post_init__(self) -> None:
        """Refuse what is not a name under the rules above. Raises InvalidValueError."""
        require_namespace(self.namespace)
        _require_segment(self.slug, part="slug")
        if len(self.namespace) + 1 + len(self.slug) > NAME_LENGTH_MAX:
            raise InvalidValueError("name_too_long", given=str(self)[:200], length_max=NAME_LENGTH_MAX)

    @classmethod
    def parse(cls, text: str) -> "PublicName":
        """Return the name written ``namespace/slug``. Raises InvalidValueError."""
        namespace, slash, slug = text.partition("/")
        if not slash or "/" in slug:
            raise InvalidValueError("name_not_two_segments", given=text[:200])
        return cls(namespace, slug)

    @property
    def key(self) -> str:
        """The name in lower case: two names with the same key are the same name."""
        return str(self).lower()

    def __str__(self) -> str:
        """Return ``namespace/slug``."""
        return f"{self.namespace}/{self.slug}"


def require_namespace(namespace: str) -> None:
    """Raise InvalidValueError unless a firm may take ``namespace``."""
    _require_segment(namespace, part="namespace")
    if namespace.lower() in RESERVED_NAMESPACES:
        raise InvalidValueError("name_reserved", given=namespace)


def _require_segment(segment: str, part: str) -> None:
    """Raise InvalidValueError unless ``segment`` may be one half of a name."""
    if not SEGMENT_LENGTH_MIN <= len(segment) <= SEGMENT_LENGTH_MAX:
        limits = {"length_min": SEGMENT_LENGTH_MIN, "length_max": SEGMENT_LENGTH_MAX}
        raise InvalidValueError("name_segment_length", part=part, given=segment[:100], **limits)
    if not _SEGMENT.fullmatch(segment):
        raise InvalidValueError("name_characters", part=part, given=segment)
    if segment[0] in ".-" or segment[-1] in ".-":
        raise InvalidValueError("name_edge", part=part, given=segment)
    if "--" in segment or ".." in segment:
        raise InvalidValueError("name_doubled_mark", part=part, given=segment)
    if segment.lower().endswith(".git"):
        raise InvalidValueError("name_ends_in_git", part=part, given=segment)
