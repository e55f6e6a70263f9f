"""The tables of the expert team's desk that the ledger answers for; apart from governed.py only for length."""

from __future__ import annotations

from governance.texts import Text

DESK: dict[str, tuple[str, Text]] = {
    "review_assignments": (
        "id screening_id revision number reviewer_id reason assigned_by assigned_at",
        Text("審査の割当て", "assignment of a reviewer"),
    ),
    "review_checks": (
        "id review_id item number outcome note settled_by settled_at",
        Text("事前確認の結果", "result of a check"),
    ),
    "challenges": (
        (
            "id screening_id revision number kind target original proposed reason state raised_by raised_at"
            " reply replied_by replied_at verdict settled_by settled_at"
        ),
        Text("疑義", "challenge"),
    ),
    "case_discussions": (
        "id review_id number topic opened_by opened_at participants outcome record_url concluded_by concluded_at",
        Text("討議", "discussion of a case"),
    ),
    "citations": (
        "id screening_id revision cited_id note cited_by cited_at withdrawn_by withdrawn_at",
        Text("先例の引用", "cited precedent"),
    ),
    "sampling_shares": (
        "id number percent effective_on reason set_by set_at",
        Text("抜き取りの割合", "share of the sample"),
    ),
    "light_samples": (
        "id decision_id percent result note reopened_id checked_by checked_at",
        Text("抜き取り確認", "check of a sample"),
    ),
}
"""Table name → its columns, which always count, and what it is."""
