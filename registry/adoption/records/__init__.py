"""Tables of adoption: receipts with what was done to them, the scene list, the annotation catalog, typical cases."""

from registry.adoption.records.lists import (
    add_annotation,
    add_annotation_step,
    add_answer,
    add_ending,
    add_scene,
    add_typical_case,
    annotation_of,
    annotations,
    scene_of,
    scenes,
    scenes_answered_by,
    typical_case_of,
    typical_cases,
)
from registry.adoption.records.receipts import (
    add_countersignature,
    add_receipt,
    add_withdrawal,
    receipt_of,
    receipts_of,
    standing_receipt,
    uses_standing,
)
from registry.adoption.records.reviews import add_review, answer_review, review_of, reviews_page

__all__ = [
    "add_annotation",
    "add_annotation_step",
    "add_answer",
    "add_countersignature",
    "add_ending",
    "add_receipt",
    "add_review",
    "add_scene",
    "add_typical_case",
    "add_withdrawal",
    "annotation_of",
    "annotations",
    "answer_review",
    "receipt_of",
    "receipts_of",
    "review_of",
    "reviews_page",
    "scene_of",
    "scenes",
    "scenes_answered_by",
    "standing_receipt",
    "typical_case_of",
    "typical_cases",
    "uses_standing",
]
