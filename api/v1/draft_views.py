"""What drafts and their files look like in answers."""

from typing import Self

from pydantic import JsonValue

from api.door import Answer
from api.problems import language
from api.v1.dataset_views import FileView, OverlapView
from api.v1.uploads import UploadView
from api.wording import sentence
from registry.catalog.model import DraftProgress, Version, VersionFile
from registry.manifests.uploads import Upload, UploadState


class FaultView(Answer):
    """What is wrong with a file of a draft, and what to do."""

    code: str
    detail: str
    path: str


class FileOfDraftView(FileView):
    """A file of a draft; ``sha256`` is what was declared until the server has read the bytes.

    ``received`` says whether its bytes have arrived; they need not for bytes that the firm held before.
    """

    received: bool

    @classmethod
    def of_draft(cls, found: VersionFile, state: UploadState | None) -> Self:
        """Return the view of a file and the state of its upload."""
        digest = found.digest or found.declared
        of_draft = {
            "sha256": digest.hex if digest else None,
            "upload": found.upload,
            "received": found.blob is not None or state is UploadState.RECEIVED,
        }
        return cls(**FileView.of(found).model_dump() | of_draft)


class DraftFilesView(Answer):
    """A page of the files of a draft."""

    items: list[FileOfDraftView]
    next_cursor: str | None


class ProgressView(Answer):
    """How far the verification of a draft has come."""

    done_bytes: int
    total_bytes: int


class DraftView(Answer):
    """A version on its way. ``report`` holds the rows and the profile of the columns once it is verified.

    ``files`` are the first ones, ``file_count`` says how many there are; ``progress`` is there while it is verified.
    """

    id: str
    dataset: str
    state: str
    message: str
    parents: list[str]
    faults: list[FaultView]
    files: list[FileOfDraftView]
    file_count: int
    size_bytes: int
    progress: ProgressView | None
    report: dict[str, JsonValue] | None
    overlap: list[OverlapView]
    new_share_bp: int | None
    grade: str
    embargo_until: str | None

    @classmethod
    def of(
        cls,
        found: Version,
        files: tuple[tuple[VersionFile, UploadState | None], ...] = (),
        progress: DraftProgress | None = None,
    ) -> Self:
        """Return the view of a draft with its first files and how far it has come."""
        reader = language()
        return cls(
            id=found.id,
            dataset=found.dataset,
            state=found.state.value,
            message=found.message,
            parents=list(found.parent_names),
            faults=[
                FaultView(
                    code=each.code,
                    detail=sentence(each.code, {**each.parameters, "path": each.path}, reader),
                    path=each.path,
                )
                for each in found.faults
            ],
            files=[FileOfDraftView.of_draft(file, state) for file, state in files],
            file_count=found.files,
            size_bytes=found.size_bytes,
            progress=ProgressView(done_bytes=progress.done_bytes, total_bytes=progress.total_bytes)
            if progress
            else None,
            report=dict(found.report) or None,
            overlap=[
                OverlapView(
                    version=each.name,
                    row_containment_bp=each.row_containment_bp,
                    column_containment_bp=each.column_containment_bp,
                )
                for each in found.overlap
            ],
            new_share_bp=found.new_share_bp,
            grade=found.grade.value,
            embargo_until=str(found.embargo_until) if found.embargo_until else None,
        )


class DraftFileView(Answer):
    """A file of a draft and the upload its bytes go to."""

    path: str
    upload: UploadView

    @classmethod
    def of(cls, made: tuple[VersionFile, Upload]) -> Self:
        """Return the view of an announced file."""
        return cls(path=str(made[0].path), upload=UploadView.of(made[1]))
