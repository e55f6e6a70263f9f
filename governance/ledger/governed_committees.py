"""The tables of committees' rules and of bodies that the ledger answers for; apart from governed.py only for length."""

from __future__ import annotations

from governance.texts import Text

COMMITTEES: dict[str, tuple[str, Text]] = {
    "committee_rule_versions": (
        "id committee_id number version rules effective_on reason adopted_by adopted_at",
        Text("委員会規則の版", "version of a committee's rules"),
    ),
    "committee_opinions": (
        (
            "id screening_id revision item_id snapshot_id snapshot_digest authority outcome rationale escalated_to conditions"
            " quorum votes_digest recorded_by recorded_at"
        ),
        Text("委員会の意見", "opinion of a committee"),
    ),
    "body_members": (
        "id framework_key body user_id added_by added_at ended_by ended_at",
        Text("機関のメンバー", "member of a body"),
    ),
    "consultations": (
        "id screening_id revision body question due_on asked_by asked_at withdrawn_by withdrawn_at",
        Text("意見照会", "consultation of a body"),
    ),
    "circulations": (
        (
            "id committee_id screening_id revision snapshot_id outcome rationale conditions member_ids closes_on state"
            " rules_version started_by started_at settled_at"
        ),
        Text("持ち回り", "circulation"),
    ),
    "circulation_votes": (
        "id circulation_id member_id choice remark cast_at",
        Text("持ち回りの回答", "answer to a circulation"),
    ),
    "waivers": (
        "id item_id condition_id reason asked_by asked_at motion_number",
        Text("免除の議題", "waiver on an agenda"),
    ),
    "body_opinions": (
        "id consultation_id stance text snapshot_id given_by given_at",
        Text("機関の意見", "opinion of a body"),
    ),
}
