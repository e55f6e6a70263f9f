"""Sections 9 to 12 of a content: course of review, committee, decision, conditions, acceptance; and the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from governance.ledger.rules import EVENT_TYPES
from governance.ledger.services import Event
from governance.questionnaires.definition import Question
from governance.reports import compose_desk, content, sentences
from governance.reports.case import Case, Frozen
from governance.reports.deliberation import (
    Acceptance,
    AnswerDiff,
    Condition,
    Course,
    Dissent,
    Member,
    Outcome,
    RevisionDiff,
    RuleCheck,
    Session,
    Step,
)
from governance.reports.names import coded, day, day_of, entered, moment, person_name, said
from governance.reports.words import Words
from governance.reviews.meetings import rules_for
from governance.reviews.models import AgendaItem, CommitteeMember, Decision
from governance.reviews.people import principal_of, seat_of
from governance.reviews.rules import (
    APPROVALS,
    BOARD,
    CONDITION_STATES,
    EXECUTIVE,
    KINDS,
    OUTCOMES,
    SETTLED,
    ZONE,
    days_overdue,
    local_date,
)
from governance.screenings import kinds
from governance.screenings.result import shown
from governance.states import state_of
from governance.texts import Text, both, joined

# The state a screening is in after an act of the ledger; None: the act's own code says it.
_AFTER: dict[str, str | None] = {
    "ScreeningOpened": "draft",
    "ScreeningSubmitted": None,
    "ReviewTaken": None,
    "ReviewBegun": "in_review",
    "DiscussionOpened": "discussion",
    "DiscussionConcluded": "in_review",
    "AppealFiled": "appeal",
    "ScreeningReturned": "returned",
    "CaseQueued": "board_queued",
    "ItemOpened": "board_session",
    "ItemDeferred": "deferred",
    "DecisionRecorded": None,
    "ScreeningWithdrawn": "withdrawn",
}
_UNSAID = {"ReviewTaken": "in_review"}  # entries from before the pre-check do not say it
_NOTES = ("reason", "rationale", "opinion", "facts")


def course(case: Case) -> Course:
    """Return changes of state with who and why, the expert team's opinion, and what changed between revisions."""
    return {
        "steps": list(_steps(case)),
        "comments": compose_desk.challenges(case),
        "consulted": compose_desk.consulted(case),
        "diffs": list(_diffs(case)),
    }


def _steps(case: Case) -> Iterator[Step]:
    """Yield every act that changed the state, and the opinion of the expert team, which did not."""
    before: tuple[str, Text] | None = None
    for event in case.events:
        code = _state_after(event)
        if not code and (event.type != "OpinionGiven" or before is None):
            continue
        after = (code, state_of(code).text) if code else before or ("", both(""))
        actor = event.body["actor"]["id"]
        yield {
            "at": moment(event.at),
            "before": coded(*before) if before and code else None,
            "after": coded(*after),
            "actor": actor if actor in case.people else None,
            "note": _note(event),
        }
        before = after


def _state_after(event: Event) -> str:
    codes = event.body["codes"]
    if event.type not in _AFTER:
        return ""
    return _AFTER[event.type] or codes.get("state") or codes.get("outcome") or _UNSAID.get(event.type, "")


def _note(event: Event) -> Words:
    text = next((event.private[name] for name in _NOTES if event.private.get(name)), None)
    if event.type != "OpinionGiven":
        return entered(text)
    recommended = OUTCOMES.get(event.body["codes"].get("recommendation", ""), both("—"))
    opinion = sentences.OPINION.filled(recommendation=recommended, opinion=both(text or "—"))
    return said(joined([opinion, *compose_desk.opinion_parts(event)], "\n", "\n"))


def _diffs(case: Case) -> Iterator[RevisionDiff]:
    """Yield what changed from each submitted revision to the next."""
    topics = {q.key: q for sheet in case.questionnaires for _, q in sheet.questions()}
    for earlier, later in zip(case.earlier, case.earlier[1:], strict=False):
        was, now = earlier.contents, later.contents
        changed = [key for key in now if now[key] != was.get(key, ("", "")) and key in topics]
        answers: list[AnswerDiff] = [
            {
                "question": key,
                "before": _answer_words(case, topics[key], *was.get(key, ("", ""))),
                "after": _answer_words(case, topics[key], *now[key]),
                "effect": _effect(case, key, earlier, later),
            }
            for key in changed
        ]
        yield {"earlier": earlier.snapshot.revision, "later": later.snapshot.revision, "answers": answers}


def _answer_words(case: Case, question: Question, value: str, text: str) -> Words:
    return said(kinds.in_words(case.framework, question, value, text)) if value else None


def _effect(case: Case, key: str, earlier: Frozen, later: Frozen) -> Words:
    item = next((item.item for item in later.score.items if any(c.key == key for c in item.counted)), None)
    if item is None:
        return None
    was, now = earlier.score.item(item).effectiveness, later.score.item(item).effectiveness
    return said(sentences.DIFF_EFFECT.filled(item=case.framework.item(item).short, before=shown(was), after=shown(now)))


# -- the decision and the committee -------------------------------------------------------------------------------------------


def body_words(case: Case, decision: Decision) -> Text:
    """Return who decided: the committee with its meeting, or the body's name in the framework; the executive with what it was advised."""
    if decision.item is None:
        return case.framework.name_of("bodies", decision.body)
    meeting = decision.item.meeting
    committee = Text(meeting.committee.name_in("ja"), meeting.committee.name_in("en"))
    named = sentences.BOARD_MEETING.filled(committee=committee, year=meeting.fiscal_year, number=meeting.number)
    if decision.body != EXECUTIVE:
        return named
    return sentences.EXECUTIVE.filled(
        committee=named, advised=OUTCOMES.get(decision.quorum.get("advised", ""), both("—"))
    )


def decision(case: Case) -> Outcome | None:
    """Return the final decision, or nothing while there is none."""
    found = case.decision
    if found is None:
        return None
    return {
        "outcome": coded(found.outcome, OUTCOMES[found.outcome]),
        "body": said(body_words(case, found)),
        "by": None if found.body == BOARD and found.item else found.decided_by,
        "on": day_of(found.decided_at),
        "reason": entered(found.rationale),
        "escalated_to": entered(found.escalated_to),
        "valid_until": day(found.valid_until),
        "next_review": None,
        "precedents": compose_desk.precedents(case),
    }


# long: one line for each field of the session
def committee(case: Case) -> Session | None:
    """Return the session that decided: members and attendance, the arithmetic kept with the decision, recusals, dissent."""
    if case.decision is None or case.decision.item is None:
        return None
    item = case.decision.item
    meeting, figures = item.meeting, case.decision.quorum
    opened, closed = meeting.opened_at or meeting.starts_at, item.settled_at
    return {
        "name": entered(meeting.committee.name, meeting.committee.name_en),
        "session": said(sentences.SESSION.filled(year=meeting.fiscal_year, number=meeting.number)),
        "on": day_of(opened),
        "time": "–".join(_clock(at) for at in (opened, closed) if at) + " JST",
        "place": entered(meeting.place, meeting.place_en),
        "authority": said(sentences.AUTHORITY[rules_for(meeting, meeting.opened_at or meeting.starts_at).authority]),
        "rules": said(
            sentences.RULES_VERSION.filled(version=figures.get("rules_version", meeting.committee.rules_version))
        ),
        "members": [
            _member(case, seat, item)
            for seat in meeting.committee.members
            if seat_of(seat).sits_on(local_date(opened)) and (seat.alternate_of is None or _came(case, seat))
        ],
        "checks": [_check(check) for check in figures.get("checks", [])],
        "votes": _votes(figures),
        "recusals": [
            {"member": entered(r.member.user.name, r.member.user.name_en), "reason": entered(r.reason)}
            for r in item.recusals
        ],
        "issues": [],
        "minutes": entered(item.issues),
        "dissents": _dissents(item),
    }


def _came(case: Case, seat: CommitteeMember) -> bool:
    return any(each.member_id == seat.id for each in case.attendances)


def _clock(at: Any) -> str:
    return f"{at.astimezone(ZONE):%H:%M}"


def _member(case: Case, seat: CommitteeMember, item: AgendaItem) -> Member:
    at = item.settled_at
    spells = [
        a
        for a in case.attendances
        if a.member_id == seat.id and at and a.arrived_at <= at and (a.left_at is None or a.left_at >= at)
    ]
    code = "recused" if any(r.member_id == seat.id for r in item.recusals) else spells[-1].mode if spells else "absent"
    fields = [case.framework.name_of("expertise", field) for field in seat.expertise]
    expertise = Text("・".join(f.ja for f in fields), ", ".join(f.en for f in fields)) if fields else both("—")
    if seat.is_chair:
        expertise = Text(expertise.ja + sentences.CHAIR.ja, expertise.en + sentences.CHAIR.en)
    if (absent := principal_of(seat)) is not None:
        standing_in = sentences.ALTERNATE.filled(name=Text(absent.user.name, absent.user.name_in("en")))
        expertise = Text(expertise.ja + standing_in.ja, expertise.en + standing_in.en)
    return {
        "name": entered(seat.user.name, seat.user.name_en),
        "side": coded(seat.side, sentences.SIDES[seat.side]),
        "expertise": said(expertise),
        "attendance": coded(code, sentences.ATTENDANCE[code]),
        "vote": None,
    }


def _check(check: dict[str, Any]) -> RuleCheck:
    return {"rule": check["name"], "arithmetic": check["arithmetic"], "result": None, "met": check["met"]}


def _votes(figures: dict[str, Any]) -> Words:
    if "votes_for" not in figures:
        return None
    return said(
        sentences.VOTES.filled(
            f=figures["votes_for"],
            a=figures["against"],
            x=figures["abstain"],
            n=figures["voters"],
            need=figures["need_for"],
        )
    )


def _dissents(item: AgendaItem) -> list[Dissent]:
    """Return dissenting opinions in full, in no order that tells whose they are (domain.md §6.3).

    Only the kind of seat is named, and of a secret vote not even that.
    """
    meeting = item.meeting
    secret = rules_for(meeting, meeting.opened_at or meeting.starts_at).voting == "secret"
    return [
        {"by": None if secret else said(sentences.DISSENTER[vote.member.side]), "text": vote.dissent}
        for vote in sorted(item.votes, key=lambda vote: vote.dissent)
        if vote.dissent and (vote.motion, vote.motion_number) == (item.motion, item.motion_number)
    ]


# -- after the decision -------------------------------------------------------------------------------------------------------


def conditions(case: Case) -> list[Condition]:
    """Return the conditions as they stand today."""
    return [
        {
            "id": f"C{row.number}",
            "text": entered(row.text, row.text_en),
            "kind": coded(row.kind, KINDS[row.kind]),
            "finding": None,
            "owner": row.owner_id,
            "verifier": row.verifier_id,
            "due": row.due_on.isoformat(),
            "state": coded(row.state, CONDITION_STATES[row.state]),
            "closed": row.state in SETTLED,
            "overdue": days_overdue(
                row.state, row.due_on, case.day, local_date(row.submitted_at) if row.submitted_at else None
            )
            > 0,
            "evidence": _proof(case, row.evidence_id) or entered(row.report),
            "verdict": entered(row.verdict),
        }
        for row in case.conditions
    ]


def _proof(case: Case, evidence_id: str | None) -> Words:
    proof = case.condition_evidence.get(evidence_id or "")
    return entered(proof.title or proof.filename or proof.url, proof.title_en) if proof else None


def acceptance(case: Case) -> Acceptance | None:
    """Return who accepted the residual risk: whoever approved, with their reason."""
    found = case.decision
    if found is None or found.outcome not in APPROVALS or case.score.residual is None:
        return None
    reasons = {rating["item"]: rating["severity_reason"] for rating in case.frozen.body["ratings"]}
    return {
        "level": case.score.residual,
        "body": said(body_words(case, found)),
        "by": None if found.body == BOARD and found.item else found.decided_by,
        "on": day_of(found.decided_at),
        "id": None,
        "why": entered(found.rationale),
        "until": day(found.valid_until),
        "risks": [
            {"item": item.item, "level": item.residual, "text": entered(reasons.get(item.item))}
            for item in case.score.items
            if item.residual and item.residual > 1
        ],
    }


def ledger(case: Case) -> content.LedgerExcerpt | None:
    """Return the ledger's records of this screening and the size and root that cover them."""
    if not case.events:
        return None
    return {
        "origin": case.events[0].body["log"],
        "events": [
            {
                "seq": event.seq,
                "at": moment(event.at),
                "type": event.type,
                "label": said(EVENT_TYPES[event.type]),
                "actor": _actor(case, event),
                "leaf": event.leaf.hex(),
            }
            for event in case.events
        ],
        "size": case.head.size,
        "root": case.head.root.hex(),
        "key": None,
        "at": moment(case.events[-1].at),
    }


def _actor(case: Case, event: Event) -> Words:
    user = case.people.get(event.body["actor"]["id"])
    if user is None:
        return str(event.body["actor"]["kind"])
    return said(person_name(case, user.id))
