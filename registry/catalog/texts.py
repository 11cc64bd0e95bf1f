"""What a text that people write must be."""

from registry.errors import InvalidValueError


def require_text(field: str, text: str, least: int, most: int, *, lines: bool = False) -> None:
    """Raise InvalidValueError unless a text has its length and only visible characters."""
    if not least <= len(text) <= most:
        raise InvalidValueError("text_length", field=field, given=len(text), least=least, most=most)
    # Control characters would make one thing look like another in a terminal, a page or a notice.
    if not all(c.isprintable() or (lines and c in "\n\t") for c in text) or (least and not text.strip()):
        raise InvalidValueError("text_characters", field=field)
