"""Carries key dangers (◎) and measures (※) of finished KYT sessions over: into a measure, a remark or comment, a draft question.

Each line goes once to each kind of target, and the way leads back from there. The services of the target decide who may; whatever a
session says stays as it was, and no score looks at it (domain.md §2 KYT: never part of a score).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy import select

from governance.accounts.rules import may
from governance.authoring import editing
from governance.authoring import services as authoring
from governance.discussions import rules as talk
from governance.discussions import services as discussions
from governance.learning import ending, kyt
from governance.learning.models import KytSession
from governance.lessons.models import KytPromotion
from governance.projects.models import Project
from governance.projects.services import projects, visible
from governance.questionnaires import drafts
from governance.questionnaires.models import QuestionnaireDraft
from governance.refusals import NotFound, Refusal
from governance.screenings import measures
from governance.screenings import services as screenings
from governance.screenings.models import Screening
from governance.texts import ERASED_BOTH, Text
from governance.work import UnitOfWork

KINDS: dict[str, Text] = {
    "measure": Text("対応策", "Measure"),
    "remark": Text("指摘・コメント", "Remark or comment"),
    "question": Text("質問の下書き", "Draft question"),
}
MARKED: dict[str, Text] = {"hazard": Text("◎の危険", "Key danger ◎"), "measure": Text("※の対策", "Key measure ※")}


@dataclass(frozen=True)
class Line:
    """A line of the record that may be carried over: a key danger, or a key measure with the danger it answers."""

    id: str
    kind: str
    cause: str
    event: str
    text: str = ""

    def said(self) -> str:
        """Return the line as one sentence."""
        return self.text or f"{self.cause} → {self.event}"


@dataclass(frozen=True)
class Carried:
    """What became of a line: its kind in words, and where it is now, for whoever may go there."""

    kind: str
    words: Text
    href: str


# ---------------------------------------------------------------- lines


def line(work: UnitOfWork, session: KytSession, line_id: str) -> Line:
    """Return a key line of a finished session. Raises Refusal while it is held and once it is erased, NotFound
    for a line that is not marked."""
    record = kyt.record_of(work, session)
    if record is None:
        raise Refusal(
            "lessons.unfinished",
            "KYTを終了して記録を確定してから、反映できます。",
            "Finish the session first; its record is what is carried over.",
        )
    if record.body == ERASED_BOTH:
        raise Refusal(
            "lessons.erased",
            "このKYTの内容は消去されたため、反映できません。",
            "What this session said was erased, so there is nothing to carry over.",
        )
    for one in ending.told(record)["hazards"]:
        if one["id"] == line_id and one["mark"] == "key":
            return Line(line_id, "hazard", one["cause"], one["event"])
        for each in one["measures"] if one["mark"] == "key" else ():
            if each["id"] == line_id and each["mark"] == "key":
                return Line(line_id, "measure", one["cause"], one["event"], each["text"])
    raise NotFound


def carried_of(work: UnitOfWork, session: KytSession) -> dict[str, list[Carried]]:
    """Return what became of the lines of a session, by line; targets in projects the actor may not see have no address."""
    query = select(KytPromotion).where(KytPromotion.session_id == session.id).order_by(KytPromotion.promoted_at)
    found: dict[str, list[Carried]] = {}
    for row in work.session.scalars(query):
        found.setdefault(row.line_id, []).append(_carried(work, row))
    return found


def _carried(work: UnitOfWork, row: KytPromotion) -> Carried:
    words = Text("{kind}に反映済み", "Carried over: {kind}").filled(kind=KINDS[row.kind])
    project_id = row.measure.project_id if row.measure else row.thread.project_id if row.thread else None
    seen = select(Project.id).where(Project.id == project_id, visible(work.actor))
    if project_id is not None and work.session.scalar(seen) is None:
        return Carried(row.kind, words, "")
    if row.kind == "question" and not may(work.actor, "questionnaire:edit"):
        return Carried(row.kind, words, "")
    return Carried(row.kind, words, _href(row))


def _href(row: KytPromotion) -> str:
    if row.measure_id:
        return url_for("screenings.measure", measure_id=row.measure_id)
    if row.thread is not None:
        return url_for("screenings.discussion", screening_id=row.thread.screening_id, _anchor=f"t-{row.thread_id}")
    assert row.draft is not None
    if row.draft.state != "draft":
        return url_for("drafts.show", draft_id=row.draft_id)
    return url_for("questions.edit", draft_id=row.draft_id, key=row.question_key)


def source_of(work: UnitOfWork, kind: str, id: str, key: str = "") -> KytSession | None:
    """Return the session that a measure, thread or draft question came from, if the actor may know of it; else None."""
    column = {
        "measure": KytPromotion.measure_id,
        "remark": KytPromotion.thread_id,
        "question": KytPromotion.draft_id,
    }[kind]
    query = select(KytPromotion.session_id).where(column == id)
    if key:
        query = query.where(KytPromotion.question_key == key)
    session_id = work.session.scalars(query.limit(1)).first()
    try:
        return kyt.session(work, session_id) if session_id else None
    except NotFound:
        return None


# ---------------------------------------------------------------- targets


def projects_for(work: UnitOfWork, session: KytSession) -> list[Project]:
    """Return the projects a line may go to: that of the session alone, else those the actor may see and work in."""
    found = [session.project] if session.project else projects(work)
    return [each for each in found if screenings_for(work, each)]


def screenings_for(work: UnitOfWork, project: Project) -> list[Screening]:
    """Return the screenings of a project that still live and in which the actor may do something, the newest first."""
    rows = [row for row in screenings.screenings_of(work, project) if row.state not in ("withdrawn", "superseded")]
    mays = measures.may_edit(work, project)
    return [row for row in reversed(rows) if mays or discussions.may_write(work, row)]


def sections_for(work: UnitOfWork) -> list[tuple[QuestionnaireDraft, str, Text]]:
    """Return the sections of the drafts that the actor may write in: draft, key of the section, words."""
    found = []
    for row in drafts.drafts(work):
        if row.state != "draft" or row.kind != "questionnaire":
            continue
        opened = authoring.opened(work, row.id)
        for section in editing.sections(opened.tree or {}):
            key = str(section.get("key", ""))
            title = authoring.text_of(section.get("title"), key)
            words = Text("{title} {version}：{section}", "{title} {version}: {section}")
            found.append((row, key, words.filled(title=opened.title, version=opened.version, section=title)))
    return found


# ---------------------------------------------------------------- acts


def to_measure(work: UnitOfWork, session: KytSession, one: Line, row: Screening, plan: measures.Plan) -> KytPromotion:
    """Adopt a measure for the project of a screening from a line. Raises what `measures.adopt` raises, and Refusal for a second time."""
    _fits(work, session, one, "measure", row.project_id)
    made = measures.adopt(work, row, screenings.framework_of(row), plan)
    return _keep(work, session, one, "measure", row.project_id, measure_id=made.id)


def to_remark(work: UnitOfWork, session: KytSession, one: Line, row: Screening, text: str) -> KytPromotion:
    """Begin a thread about the case from a line: a remark by whoever may check the answers now, else a comment."""
    _fits(work, session, one, "remark", row.project_id)
    kind = talk.REMARK if discussions.may_remark(work, row) else talk.COMMENT
    made = discussions.open_thread(work, row, "", text=text, kind=kind)
    return _keep(work, session, one, "remark", row.project_id, thread_id=made.id)


def to_question(
    work: UnitOfWork, session: KytSession, one: Line, draft_id: str, section: str, words: dict[str, str], side: str
) -> KytPromotion:
    """Add a question to a section of a draft from a line, written in one language; the draft says what it still lacks."""
    _fits(work, session, one, "question", None)
    found = authoring.opened(work, draft_id)
    keys = [str(each.get("key")) for each in editing.sections(found.tree or {})]
    if found.row.state != "draft" or section not in keys:
        raise Refusal(
            "lessons.section", "下書きの節を選んでください。", "Choose the section of a draft.", place="section"
        )
    if not all(words[name].strip() for name in ("topic", "text", "why")):
        raise Refusal(
            "lessons.question",
            "見出し、質問文、理由を書いてください。",
            "Write topic, question and reason.",
            place="text",
        )
    key = _new_key(work, found.tree or {}, section)
    question: dict[str, Any] = {"key": key, "kind": "yes_no_unknown" if one.kind == "hazard" else "scale"}
    question |= {name: {side: words[name].strip()} for name in ("topic", "text", "why")}
    authoring.save_tree(work, found.row, lambda tree: editing.added(tree, section, question))
    return _keep(work, session, one, "question", None, draft_id=draft_id, question_key=key)


def _new_key(work: UnitOfWork, tree: dict[str, Any], section: str) -> str:
    asked = editing.asked(editing.section_of(tree, section))
    like = str(asked[-1].get("key")) if asked else f"{section}-0"
    return editing.suggested(like, authoring.taken_keys(work, tree))


def _fits(work: UnitOfWork, session: KytSession, one: Line, kind: str, project_id: str | None) -> None:
    """Refuse a line that was carried over in this way already, and a project other than that of the session.

    The session is held meanwhile, so that two people who press at once come one after the other.
    """
    work.session.refresh(session, with_for_update=True)
    query = select(KytPromotion.id).where(KytPromotion.line_id == one.id, KytPromotion.kind == kind)
    if work.session.scalar(query) is not None:
        raise Refusal(
            "lessons.twice",
            "この行は、すでに「{kind}」に反映されています。",
            "This line was carried over already: {kind}.",
            kind=KINDS[kind],
        )
    if session.project_id is not None and project_id is not None and session.project_id != project_id:
        raise Refusal(
            "lessons.project",
            "このKYTは別の案件のものです。その案件にだけ反映できます。",
            "This session belongs to another project and goes there alone.",
        )


def _keep(
    work: UnitOfWork, session: KytSession, one: Line, kind: str, project_id: str | None, **target: str
) -> KytPromotion:
    row = KytPromotion(
        session_id=session.id, line_id=one.id, kind=kind, promoted_by=work.actor.id, promoted_at=work.now, **target
    )
    work.session.add(row)
    work.session.flush()
    codes = {"number": session.number, "line": one.id, "of": one.kind, "kind": kind, **target}
    work.record("KytPromoted", subject=("kyt", session.id), project=project_id, codes=codes, row=row)
    return row


def may_promote(work: UnitOfWork, session: KytSession) -> bool:
    """Say whether the actor could carry anything of the session over: in some project, or into a draft."""
    if session.state != "finished":
        return False
    return may(work.actor, "questionnaire:edit") or bool(projects_for(work, session))


def chosen_of(rows: Sequence[Screening], chosen: str) -> Screening:
    """Return the chosen one of these screenings. Raises Refusals beside the field when it is none of them."""
    found = next((row for row in rows if row.id == chosen), None)
    if found is None:
        raise Refusal(
            "lessons.screening", "スクリーニングを選んでください。", "Choose the screening.", place="screening_id"
        )
    return found
