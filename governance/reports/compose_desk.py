"""What the expert team's desk adds to sections 9 and 10 of a content: challenges and consultations with answers, cited precedents.

A challenge stands beside the original and changes no score; the report says both (domain.md §5.6). Of a precedent the report tells
number and outcome alone, for its readers need not be readers of that case.
"""

from __future__ import annotations

from governance.ledger.services import Event
from governance.questionnaires.values import said as value_said
from governance.reports import sentences
from governance.reports.case import Case
from governance.reports.deliberation import Comment, Consulted, Precedent
from governance.reports.names import coded, day_of, entered, moment, said
from governance.reviews.consulting import STANCES
from governance.reviews.desk_models import Challenge
from governance.reviews.rules import OUTCOMES
from governance.states import state_of
from governance.texts import Text, both


def precedents(case: Case) -> list[Precedent]:
    """Return the precedents cited for the decision, in the order they were named."""
    return [
        {
            "number": each.cited.screening.project.number,
            "on": day_of(each.cited.decided_at),
            "outcome": coded(each.cited.outcome, OUTCOMES[each.cited.outcome]),
            "session": said(
                sentences.SESSION.filled(
                    year=each.cited.item.meeting.fiscal_year, number=each.cited.item.meeting.number
                )
            )
            if each.cited.item
            else None,
            "note": entered(each.note),
        }
        for each in case.citations
    ]


def challenges(case: Case) -> list[Comment]:
    """Return each challenge of a reviewer with what the team answered and how it ended."""
    return [
        {
            "at": moment(each.raised_at),
            "by": each.raised_by,
            "question": each.target if each.kind == "answer" else "",
            "text": said(
                sentences.CHALLENGE.filled(revision=each.revision, what=_what(case, each), reason=each.reason)
            ),
            "reply": said(_ending(each)),
        }
        for each in case.challenges
    ]


def consulted(case: Case) -> list[Consulted]:
    """Return what bodies were asked about the revisions of the report, with their opinions (domain.md §1.4)."""
    return [
        {
            "body": said(case.framework.name_of("bodies", each.body)),
            "at": moment(each.asked_at),
            "question": entered(each.question),
            "stance": said(STANCES[each.opinion.stance]) if each.opinion else None,
            "answered_at": moment(each.opinion.given_at) if each.opinion else None,
            "text": entered(each.opinion.text) if each.opinion else None,
        }
        for each in case.consultations
    ]


def opinion_parts(event: Event) -> list[Text]:
    """Return the further parts of an opinion, as far as they were given."""
    parts = {"risks": sentences.RISKS, "open_points": sentences.OPEN_POINTS}
    return [words.filled(text=event.private[name]) for name, words in parts.items() if event.private.get(name)]


def _what(case: Case, each: Challenge) -> Text:
    """Return what stands there and what the reviewer sees instead."""
    if each.kind != "answer":
        item = case.framework.name_of("items", each.target)
        axis = sentences.AXES[each.kind]
        return sentences.MOVED.filled(item=item, axis=axis, before=each.original, after=each.proposed)
    question = case.questions.get(each.target)
    if question is None:
        return both(each.target)
    before = value_said(case.framework, question, each.original) if each.original else both("—")
    if not each.proposed:
        return sentences.DOUBTED.filled(before=before)
    return sentences.CHANGED.filled(before=before, after=value_said(case.framework, question, each.proposed))


def _ending(each: Challenge) -> Text:
    ending = state_of(each.state, "challenge").text
    parts = [part for part in (each.reply, each.verdict) if part]
    return Text("／".join([*parts, ending.ja]), " / ".join([*parts, ending.en]))
