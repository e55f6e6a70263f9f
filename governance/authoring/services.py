"""What the author's pages need at hand: a draft read and checked, the questions a condition may look at, who uses a version.

Acts on drafts are those of questionnaires/drafts.py. Saving by form is here: it takes the draft as it is now, changes one thing in its
tree and writes it back, so that two people who work on different questions do not stand in each other's way.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy import distinct, func, select

from governance.accounts.models import RoleGrant, User
from governance.accounts.rules import PERMISSIONS, authorize, may
from governance.authoring import editing, translating
from governance.authoring.conditions import Known
from governance.authoring.previewing import complete_question
from governance.questionnaires import drafts, services
from governance.questionnaires.checking import Checked, Document, Version, checked, published
from governance.questionnaires.definition import Framework, Questionnaire
from governance.questionnaires.models import DraftChange, QuestionnaireDraft, QuestionnaireVersion
from governance.questionnaires.reading import Source, parse
from governance.questionnaires.services import framework_in, questionnaire_in
from governance.questionnaires.values import values_of
from governance.questionnaires.writing import plain, written_tree
from governance.refusals import Conflict, Problem, Refusal, Refusals
from governance.screenings.models import Answer, Screening, ScreeningQuestionnaire
from governance.screenings.rules import EDITABLE
from governance.texts import Text, both
from governance.work import UnitOfWork

Tree = dict[str, Any]
KEPT_CHECKS = 64
_checks: OrderedDict[tuple[object, ...], Checked] = OrderedDict()


@lru_cache(maxsize=32)
def read_source(text: str) -> Source | Refusals:
    """Return a YAML text read, or what keeps it from being read; the tree is never changed in place."""
    try:
        return parse("", text)
    except Refusals as refusals:
        return refusals


def verdict(work: UnitOfWork, text: str, kind: str) -> Checked:
    """Return what `checking.checked` says, remembered as long as what is published stays the same."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    frameworks, versions = services.versions(work)
    in_force = tuple(sorted([row.id for row in frameworks] + [row.id for row in versions]))
    key = (digest, kind, work.now.date(), in_force, tuple(sorted(services.retirements(work))))
    if key not in _checks:
        _checks[key] = checked(work, text, kind=kind)
        if len(_checks) > KEPT_CHECKS:
            _checks.popitem(last=False)
    return _checks[key]


@dataclass
class Opened:
    """A draft with everything around it; `tree` is None when its text cannot be read as YAML."""

    row: QuestionnaireDraft
    source: Source | None
    framework: Framework | None
    others: list[Questionnaire]
    base: Document | None
    relations: frozenset[str]
    unreadable: list[Problem] = field(default_factory=list)

    @property
    def tree(self) -> Tree | None:
        """The text as plain values."""
        return self.source.tree if self.source else None

    @property
    def is_questionnaire(self) -> bool:
        """Say whether forms can edit it question by question."""
        return self.row.kind == "questionnaire" and self.tree is not None

    @property
    def base_tree(self) -> Tree | None:
        """The version it was written from, as plain values."""
        return plain(self.base) if self.base is not None else None

    @cached_property
    def known(self) -> dict[str, Known]:
        """The questions a condition may look at: of this draft, then of the other questionnaires in force."""
        found = _own(self) if self.is_questionnaire else {}
        for document in self.others:
            for _, question in document.questions():
                if question.key not in found and self.framework:
                    values = values_of(self.framework, question)
                    found[question.key] = Known(question.key, question.topic, question.kind, values, document.title)
        return found

    @property
    def title(self) -> Text:
        """What it is called, as far as that can be read."""
        return text_of((self.tree or {}).get("title"), self.row.key)

    @property
    def version(self) -> str:
        """The version number it wants to have."""
        return str((self.tree or {}).get("version", "–"))[:30]

    def label(self, key: str, value: str) -> Text:
        """Name a value for `conditions.sentence`."""
        if not key:
            return self.framework.name_of("phases", value) if self.framework else both(value)
        return self.known[key].values.get(value, both(value)) if key in self.known else both(value)


def _own(opened: Opened) -> dict[str, Known]:
    found = {}
    for _, values in editing.questions(opened.tree or {}):
        key, question = str(values.get("key")), complete_question(values)
        named = values_of(opened.framework, question) if question and opened.framework else {}
        kind = question.kind if question else "text"
        found[key] = Known(key, text_of(values.get("topic"), key), kind, named, opened.title)
    return found


def text_of(value: Any, otherwise: str) -> Text:
    """Return plain values as a bilingual text; a side that is blank reads as the other one."""
    sides = value if isinstance(value, dict) else {}
    ja, en = (str(sides.get(side) or "").strip() for side in ("ja", "en"))
    return Text(ja or en or otherwise, en or ja or otherwise)


def opened(work: UnitOfWork, draft_id: str) -> Opened:
    """Return a draft with its surroundings. NotFound when there is none with this id."""
    return around(work, drafts.draft(work, draft_id))


def around(work: UnitOfWork, row: QuestionnaireDraft, text: str | None = None) -> Opened:
    """Return a draft with its surroundings; `text` in the place of its own, when another one was sent."""
    read = read_source(row.text if text is None else text)
    source = read if isinstance(read, Source) else None
    base = drafts.base_of(work, row)
    found = Opened(row, source, None, [], document_of(base) if base else None, drafts.relations_of(work, row))
    found.unreadable = [] if isinstance(read, Source) else read.problems
    found.framework = framework_of(work, _family(found))
    if found.framework is not None:
        phases = [phase.code for phase in found.framework.phases]
        rows = services.current_questionnaires(work, found.framework.key, phases)
        found.others = [questionnaire_in(each) for each in rows if each.key != row.key]
    return found


def _family(found: Opened) -> str:
    """Return the key of the framework the draft belongs to; that of its base when its text does not say."""
    if found.row.kind == "framework":
        return found.row.key
    said = (found.tree or {}).get("framework")
    return said if isinstance(said, str) else getattr(found.base, "framework", "")


def framework_of(work: UnitOfWork, key: str) -> Framework | None:
    """Return the framework of a key in force today, or the one in force at all."""
    for wanted in (key, None):
        try:
            return framework_in(services.current_framework(work, wanted))
        except Refusal:
            continue
    return None


def document_of(row: Version) -> Document:
    """Return the document of a published version."""
    return questionnaire_in(row) if isinstance(row, QuestionnaireVersion) else framework_in(row)


# ---------------------------------------------------------------- save


def digest_of(value: Any) -> str:
    """Return a short name for plain values: whether they are still what a form was opened with."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def save_tree(work: UnitOfWork, row: QuestionnaireDraft, change: Callable[[Tree], Tree]) -> QuestionnaireDraft:
    """Make one change in the tree of the draft as it is now and keep it. Raises Refusals when the text cannot be read."""
    authorize(work.actor, "questionnaire:edit")
    source = read_source(row.text)
    if isinstance(source, Refusals):
        raise source
    text = written_tree(change(source.tree))
    kept = translating.confirmed_in(row.text)
    return drafts.save(work, row, rev=row.rev, text=translating.with_confirmed(text, kept) if kept else text)


def changed_meanwhile(rev: int, mine: str = "", theirs: str = "") -> Conflict:
    """Return the refusal of a form about a part that somebody else changed since it was opened."""
    return Conflict(
        "authoring.changed",
        "入力の途中で、ほかの人がここを変更しました。どちらの内容も失われていません。",
        "Somebody changed this while you were writing. Neither version is lost.",
        mine={"text": mine},
        theirs={"text": theirs},
        rev=rev,
    )


# ---------------------------------------------------------------- who uses, who may


def used_by(work: UnitOfWork) -> dict[str, tuple[int, int]]:
    """Return per version id how many screenings pinned it, and how many of them are still being filled in."""
    authorize(work.actor, "questionnaire:view")
    found: dict[str, tuple[int, int]] = {}
    query = (
        select(ScreeningQuestionnaire.questionnaire_id, Screening.state, func.count(distinct(Screening.id)))
        .join(Screening, Screening.id == ScreeningQuestionnaire.screening_id)
        .group_by(ScreeningQuestionnaire.questionnaire_id, Screening.state)
    )
    for id, state, count in work.session.execute(query):
        every, under_way = found.get(id, (0, 0))
        found[id] = (every + count, under_way + (count if state in EDITABLE else 0))
    return found


def answered(work: UnitOfWork, key: str) -> int:
    """Return how many screenings answered a question."""
    authorize(work.actor, "questionnaire:view")
    query = select(func.count()).select_from(Answer).where(Answer.question_key == key, Answer.value != "")
    return int(work.session.scalar(query) or 0)


def other_drafts(work: UnitOfWork, row: QuestionnaireDraft, key: str) -> list[QuestionnaireDraft]:
    """Return the other drafts under way that hold or look at a question."""
    found = []
    for other in drafts.drafts(work):
        read = read_source(other.text) if other.id != row.id and key in other.text else None
        if isinstance(read, Source) and f'"{key}"' in json.dumps(read.tree):
            found.append(other)
    return found


def taken_keys(work: UnitOfWork, tree: Tree) -> set[str]:
    """Return the keys that no new question may have: of this draft and of every version ever published."""
    _, versions = services.versions(work)
    documents = (questionnaire_in(row) for row in versions)
    return {question.key for each in documents for _, question in each.questions()} | set(editing.keys(tree))


def publishers(work: UnitOfWork, row: QuestionnaireDraft) -> list[User]:
    """Return the people who may publish the draft: those with a right role who saved no text of it."""
    authorize(work.actor, "questionnaire:view")
    writers = select(DraftChange.changed_by).where(DraftChange.draft_id == row.id)
    authors = {row.created_by, row.changed_by, *work.session.scalars(writers.distinct())}
    permission = PERMISSIONS["questionnaire:publish"]
    query = (
        select(User)
        .join(RoleGrant, RoleGrant.user_id == User.id)
        .where(User.is_active, RoleGrant.ended_at.is_(None), RoleGrant.role.in_(permission.holders))
        .order_by(User.name)
        .distinct()
    )
    return [each for each in work.session.scalars(query) if each.id not in authors]


def may_edit(work: UnitOfWork, row: QuestionnaireDraft) -> bool:
    """Say whether the actor can write in the draft now."""
    return row.state == "draft" and may(work.actor, "questionnaire:edit")


def predecessor(work: UnitOfWork, row: QuestionnaireVersion) -> QuestionnaireVersion | None:
    """Return the version before this one of the same questionnaire, or None for the first."""
    order = services.version_order
    older = [each for each in versions_of(work, row) if order(each.version) < order(row.version)]
    return max(older, key=lambda each: order(each.version), default=None)


def versions_of(work: UnitOfWork, row: QuestionnaireVersion) -> list[QuestionnaireVersion]:
    """Return all versions of the same questionnaire, newest first."""
    found: Sequence[Version] = published(work, "questionnaire", row.key)
    rows = [each for each in found if isinstance(each, QuestionnaireVersion)]
    return sorted(rows, key=lambda each: services.version_order(each.version), reverse=True)


def values_on_form(question: Tree, framework: Framework) -> dict[str, Text]:
    """Return the values a question being written can be answered with, for the points it gives."""
    complete = complete_question(question)
    return values_of(framework, complete) if complete else {}
