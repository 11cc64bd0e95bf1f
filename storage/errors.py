"""What can go wrong where bytes and rows live.

The registry turns these into its own errors (``registry/errors.py``); storage knows no caller and no HTTP status. Each
carries a stable ``code`` and parameters, never words.
"""

from collections.abc import Mapping

Parameter = str | int | bool | None


class StoreError(Exception):
    """What every failure of storage has: a stable code and the parameters its sentence is made of."""

    def __init__(self, code: str, /, **parameters: Parameter) -> None:
        super().__init__(code, parameters)
        self.code = code
        self.parameters: Mapping[str, Parameter] = parameters

    def __str__(self) -> str:
        """Return the code and its parameters on one line, for logs."""
        stated = ", ".join(f"{name}={value!r}" for name, value in self.parameters.items())
        return f"{self.code} ({stated})" if stated else self.code


class ObjectMissingError(StoreError):
    """There is no object at this place."""


class ObjectExistsError(StoreError):
    """The key is taken by other bytes. A key is written once and never again."""


class ObjectLockedError(StoreError):
    """The object is under retention: it may be deleted later, not now."""


class ObjectSharedError(StoreError):
    """Living bytes lie in the same object and cannot be moved now: they are damaged, or others came meanwhile."""


class UploadForgottenError(StoreError):
    """The store no longer knows this upload (expired, aborted or lost): start a new one."""


class UploadIncompleteError(StoreError):
    """The parts named do not make the object: one is missing, too small, or other than stated. Send it again."""


class PartRefusedError(StoreError):
    """A signed URL does not allow this request.

    Codes: ``signature_wrong``, ``url_expired``, ``method_wrong``, ``size_wrong``, ``length_required``.
    """


class ContentSizeError(StoreError):
    """A stream held more or fewer bytes than announced; nothing was stored."""


class StoreUnavailableError(StoreError):
    """The store does not answer now, or says that it is busy: try again later."""


class StoreConfigurationError(StoreError):
    """The store refuses us for a reason that only an operator can mend: key, bucket, clock, folder, programme."""
