"""The transparency log as anyone sees it: checkpoints and proofs; and the clock of the service."""

from dataclasses import dataclass

from sancai.session import Session
from sancai.shapes import shaped


@dataclass(frozen=True, slots=True)
class Inclusion:
    """Proof that an entry is in the log (RFC 9162 §2.1.3): hashes in base64, the checkpoint as a signed note."""

    entry: str
    leaf_index: int
    size: int
    proof: tuple[str, ...]
    checkpoint: str


@dataclass(frozen=True, slots=True)
class Consistency:
    """Proof that one state of the log continues another (RFC 9162 §2.1.4): hashes in base64."""

    size_before: int
    size_after: int
    proof: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Clock:
    """The instant the service decides by (RFC 3339), and whether its database is ``real`` or a ``demo``."""

    now: str
    kind: str


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key of the service. ``verifier`` is what ``sancai pull --key`` takes: ``name+id+base64``."""

    key_id: str
    algorithm: str
    public_key: str
    verifier: str


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """The keys a service says are its own, and the name they sign for."""

    origin: str
    keys: tuple[PublicKey, ...]


class Log:
    """Checkpoints, proofs, keys and the clock of one service."""

    def __init__(self, session: Session) -> None:
        """Prepare calls over ``session``."""
        self._session = session

    def checkpoint(self) -> str:
        """Return the newest signed checkpoint, a C2SP signed note. Raises SancaiError."""
        return self._session.content("/log/checkpoint").decode()

    def inclusion(self, entry: str) -> Inclusion:
        """Return the proof that an entry is in the log. Raises SancaiError."""
        return shaped(Inclusion, self._session.get(f"/log/entries/{entry}/inclusion"))

    def consistency(self, size_before: int, size_after: int) -> Consistency:
        """Return the proof that a later state of the log continues an earlier one. Raises SancaiError."""
        query = {"from": size_before, "to": size_after}
        return shaped(Consistency, self._session.get("/log/consistency", **query))

    def keys(self) -> PublicKeys:
        """Return the public keys that the service shows; by itself this proves nothing. Raises SancaiError."""
        return shaped(PublicKeys, self._session.get("/keys"))

    def clock(self) -> Clock:
        """Return what time it is at the service. Raises SancaiError."""
        return shaped(Clock, self._session.get("/clock"))

    def advance_demo_clock(self, seconds: int) -> str:
        """Move the clock of a demo forward and return the new instant. Raises SancaiError."""
        return str(self._session.post("/demo/clock", {"seconds": seconds})["now"])
