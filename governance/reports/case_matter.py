"""What sort of matter each field of a case report's content is: the list from which a redaction profile knows what it may keep.

A field that is not listed here is left out of every profile but the one that holds everything (seeds/report-profiles.yaml names the
sorts). Fields are listed by the shape they belong to (content.py, assessment.py, deliberation.py); the titles of section 2 by their
words, because they are rows of one list.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args, get_type_hints, is_typeddict

from governance.projects.life_rules import TOPICS
from governance.reports import compose_life, sentences
from governance.reports.content import Content
from governance.reports.words import Bilingual, Coded

PARTS = "parts"
"""Sort of a field that holds objects whose own fields are sorted, and is nothing beside them."""
FACTS = "facts"
"""Sort of the rows of section 2, each sorted by its title."""
NEVER = "votes"
"""Sort of how a member voted: no profile but the one that holds everything may name it."""


def _sorted(**fields: str) -> dict[str, str]:
    return {name: sort for sort, names in fields.items() for name in names.split()}


MATTER: Mapping[str, Mapping[str, str]] = {
    "Content": _sorted(
        product="schema limits",
        parts="profile house document sections framework summary decision method route risk grid glossary",
        people="people",
        facts="scope",
        detail="triggers details loose carried unasked packs findings course committee conditions acceptance monitoring mapping"
        " evidence ledger kyt versions",
    ),
    # -- the document and the framework
    "Document": _sorted(
        figures="number version case_revision phase dated frozen_at state",
        product="title classification issuer retention disclaimer",
        identity="subject case",
        about="addressees",
        parts="approvals",
    ),
    "Approval": _sorted(product="step", people="person", figures="on id by_hand"),
    "HouseStamp": _sorted(product="digest logo colours acts boxes left_out"),
    "Disclosure": _sorted(product="code name digest"),
    "Section": _sorted(figures="key part", product="title"),
    "Framework": _sorted(parts="phases items levels answers severity likelihood matrix", product="cuts"),
    "Phase": _sorted(product="code name"),
    "Item": _sorted(product="key no name short"),
    "Level": _sorted(product="rank name"),
    "Answer": _sorted(product="code mark coefficient name"),
    "Grade": _sorted(product="value text"),
    "MatrixCell": _sorted(figures="value level"),
    "Person": _sorted(people="name role"),
    "Fact": _sorted(product="term text"),
    "TopRisk": _sorted(figures="item", reasons="text", detail="treatment"),
    "Summary": _sorted(identity="message", product="route_by", parts="top"),
    "Method": _sorted(product="paragraphs", parts="versions"),
    "Version": _sorted(figures="version on", people="by", product="text"),
    # -- the assessment
    "Trigger": _sorted(figures="id fired unsure", product="text effects", reasons="answer reason confirmed"),
    "Route": _sorted(product="result steps deciders"),
    "Risk": _sorted(parts="totals rated changes stops", figures="inherent residual index", product="aggregate"),
    "Total": _sorted(product="name text"),
    "RatedItem": _sorted(
        figures="item ground inherent residual", parts="severity likelihood control counterfactual", product="why"
    ),
    "Rating": _sorted(figures="chosen final", reasons="reason"),
    "Fraction": _sorted(figures="num den pct"),
    "Counterfactual": _sorted(figures="questions residual", product="to", parts="control"),
    "Change": _sorted(product="kind subject change", reasons="ground", people="by", figures="on"),
    "Stop": _sorted(figures="id hit", product="text note"),
    "GridRow": _sorted(figures="phase", product="state", parts="cells"),
    "Cell": _sorted(figures="inherent residual"),
    "AskedQuestion": _sorted(
        figures="key item gate answer due_on weight points evidence finding",
        product="text",
        reasons="said entries remark ruling",
    ),
    "ItemDetail": _sorted(figures="item", parts="questions"),
    "Carried": _sorted(figures="phase", reasons="note", parts="questions"),
    "Pack": _sorted(figures="code", product="name trigger", parts="questions"),
    "Finding": _sorted(
        figures="id questions due condition",
        product="severity title origin criteria recommendation",
        reasons="fact cause impact",
        people="owner",
    ),
    "Mapping": _sorted(product="note", parts="frameworks"),
    "Mapped": _sorted(product="name note", figures="met mapped coverage", parts="references"),
    "Reference": _sorted(product="ref", figures="questions met applicable state"),
    "Evidence": _sorted(figures="id date", product="kind", evidence="title", digests="digest"),
    # -- review, session, decision and what follows
    "Course": _sorted(parts="steps comments consulted diffs"),
    "Step": _sorted(figures="at", product="before after", people="actor", comments="note"),
    "Comment": _sorted(figures="at question", people="by", comments="text reply"),
    "Consulted": _sorted(figures="at answered_at", product="body stance", comments="question text"),
    "RevisionDiff": _sorted(figures="earlier later", parts="answers"),
    "AnswerDiff": _sorted(figures="question", reasons="before after", product="effect"),
    "Session": _sorted(
        identity="name",
        product="session authority rules",
        figures="on time votes",
        about="place",
        parts="members checks recusals issues dissents",
        comments="minutes",
    ),
    "Member": _sorted(people="name", product="side attendance", identity="expertise", votes="vote"),
    "RuleCheck": _sorted(product="rule arithmetic result", figures="met"),
    "Recusal": _sorted(people="member", comments="reason"),
    "Issue": _sorted(comments="topic resolution"),
    "Dissent": _sorted(votes="by", comments="text"),
    "Outcome": _sorted(
        product="outcome", identity="body", people="by", figures="on valid_until next_review", reasons="reason escalated_to",
        detail="precedents",
    ),
    "Precedent": _sorted(identity="number", figures="on", product="outcome session", reasons="note"),
    "Condition": _sorted(
        figures="id finding due closed overdue", product="kind state", reasons="text verdict", people="owner verifier",
        evidence="evidence",
    ),
    "Acceptance": _sorted(figures="level on id until", identity="body", people="by", reasons="why", parts="risks"),
    "AcceptedRisk": _sorted(figures="item level", reasons="text"),
    "Monitoring": _sorted(parts="indicators alerts incidents", figures="next_review since", product="basis rescreen"),
    "Indicator": _sorted(
        figures="id every_days count out", reasons="name unit latest alarm title", product="interval action", people="owner",
        parts="readings bands",
    ),
    "Measured": _sorted(figures="at value verdict"),
    "Limit": _sorted(figures="since low high"),
    "AlertLine": _sorted(figures="on indicator", product="state", reasons="text reason"),
    "IncidentLine": _sorted(
        figures="id on", product="kind severity state consequence", reasons="title effect cause prevention told"
    ),
    "LedgerExcerpt": _sorted(figures="size at", digests="origin root key", parts="events"),
    "LedgerRow": _sorted(figures="seq at type", product="label", people="actor", digests="leaf"),
    "Kyt": _sorted(figures="on participants", people="leader", comments="scenario goal", parts="hazards"),
    "Hazard": _sorted(figures="mark", comments="text measure"),
}  # fmt: skip
"""Shape → field → sort of matter."""

_SCOPE = _sorted(
    identity="name",
    about="summary customer end_subjects department",
    reasons="system_version",
    product="phase sector own_roles regions techniques",
    figures="period",
)
SCOPE: Mapping[str, str] = {
    **{words.ja: _SCOPE[name] for name, words in sentences.SCOPE.items()},
    compose_life.AGAIN.ja: "reasons",
    compose_life.STATE.ja: "reasons",
    **{compose_life.DISPOSAL.filled(topic=topic).ja: "reasons" for topic in TOPICS.values()},
}
"""Title of a row of section 2 → sort of matter; who carried out the disposal is a name and has none."""


def inner(hint: object) -> type | None:
    """Return the shape of the objects that a field holds, if it holds any; words and codes with their words are no objects."""
    if is_typeddict(hint):
        return None if hint in (Bilingual, Coded) else hint  # type: ignore[return-value]
    return next((found for each in get_args(hint) if (found := inner(each)) is not None), None)


def shapes(kind: type = Content) -> dict[str, type]:
    """Return every shape of a content by its name."""
    found = {kind.__name__: kind}
    for hint in get_type_hints(kind).values():
        if (each := inner(hint)) is not None and each.__name__ not in found:
            found |= shapes(each)
    return found
