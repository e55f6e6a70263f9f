"""The life of a draft (下書き): written, submitted, checked by somebody else, published as a new version, or discarded.

Nobody publishes what they wrote: an author is whoever saved a text of the draft, and the permission bars authors (assurance.md T3).
A draft may hold anything while it is written; it is submitted and published only when it reads, and when every document that would
then be in force still fits together. What was published meanwhile is never overwritten unseen: such a draft must be rebased first.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import func, select
from sqlalchemy.orm import defer

from governance.accounts.rules import authorize, may
from governance.questionnaires import services
from governance.questionnaires.checking import Checked, Document, Version, checked, published, sound
from governance.questionnaires.definition import Framework
from governance.questionnaires.models import (
    DraftChange,
    FrameworkVersion,
    QuestionnaireDraft,
    QuestionnaireVersion,
)
from governance.questionnaires.reading import parse
from governance.questionnaires.services import retire, version_order
from governance.questionnaires.skeletons import new_framework, new_questionnaire
from governance.questionnaires.writing import written
from governance.refusals import NotFound, Refusal, Refusals
from governance.work import UnitOfWork

__all__ = [
    "Checked", "base_of", "checked", "discard", "draft", "drafts", "give_back", "go_back", "history", "next_version", "publish",
    "rebase", "relations_of", "retire", "save", "start", "submit",
]  # fmt: skip

# ---------------------------------------------------------------- look


def drafts(work: UnitOfWork, *, closed: bool = False) -> list[QuestionnaireDraft]:
    """Return the drafts under way, last changed first; with `closed` those that were published or discarded.

    There are none for whoever may not write one.
    """
    if not may(work.actor, "questionnaire:edit"):
        return []
    states = ("published", "discarded") if closed else ("draft", "review")
    query = select(QuestionnaireDraft).where(QuestionnaireDraft.state.in_(states))
    return list(work.session.scalars(query.order_by(QuestionnaireDraft.changed_at.desc(), QuestionnaireDraft.id)))


def draft(work: UnitOfWork, id: str) -> QuestionnaireDraft:
    """Return one draft: what is not published is read only by those who may write it. NotFound when there is none with this id."""
    authorize(work.actor, "questionnaire:edit")
    row = work.session.get(QuestionnaireDraft, id)
    if row is None:
        raise NotFound
    return row


def history(work: UnitOfWork, row: QuestionnaireDraft) -> list[DraftChange]:
    """Return every saved text of the draft, newest first; the texts themselves are loaded when they are looked at."""
    authorize(work.actor, "questionnaire:edit")
    query = select(DraftChange).where(DraftChange.draft_id == row.id).options(defer(DraftChange.text))
    return list(work.session.scalars(query.order_by(DraftChange.number.desc())))


def relations_of(work: UnitOfWork, row: QuestionnaireDraft) -> frozenset[str]:
    """Return how the actor stands to the draft: `draft.author` for whoever saved a text of it."""
    return frozenset({"draft.author"} if work.person in _authors(work, row) else ())


def _authors(work: UnitOfWork, row: QuestionnaireDraft) -> set[str | None]:
    query = select(DraftChange.changed_by).where(DraftChange.draft_id == row.id).distinct()
    return {row.created_by, row.changed_by, *work.session.scalars(query)}


def base_of(work: UnitOfWork, row: QuestionnaireDraft) -> Version | None:
    """Return the version the draft was written from, or None for one that began from nothing."""
    return _found(work, row.based_on) if row.based_on else None


def next_version(version: str) -> str:
    """Return the number after a version: its last part plus one (1.0 → 1.1, 3 → 4)."""
    *front, last = version.split(".")
    return ".".join([*front, str(int(last) + 1)])


# ---------------------------------------------------------------- write


def start(
    work: UnitOfWork, version_id: str | None, *, key: str = "", kind: str = "questionnaire"
) -> QuestionnaireDraft:
    """Begin a draft: from a published version, with the next number, or from nothing under a new `key`.

    Raises NotFound for an unknown version, Refusal for a key that is taken or is none.
    """
    authorize(work.actor, "questionnaire:edit")
    based_on = _found(work, version_id) if version_id else None
    document = _begun(work, key, kind) if based_on is None else _continued(work, based_on)
    row = QuestionnaireDraft(
        key=document.key,
        kind="framework" if isinstance(document, Framework) else "questionnaire",
        based_on=version_id or None,
        text=written(document),
        created_by=work.person,
        created_at=work.now,
    )
    work.session.add(row)
    _write(work, row)
    work.record(
        "QuestionnaireDrafted",
        subject=("draft", row.id),
        codes={"key": row.key, "kind": row.kind, "version": document.version, "based_on": row.based_on},
        refs={"text": _digest(row.text)},
    )
    return row


def _continued(work: UnitOfWork, based_on: Version) -> Document:
    """Return the document of a version under the next free number; a framework takes effect today at the earliest."""
    number = next_version(_highest(work, based_on).version)
    if isinstance(based_on, QuestionnaireVersion):
        return services.questionnaire_in(based_on).model_copy(update={"version": number})
    document = services.framework_in(based_on)
    day = max(document.effective_on, work.now.date())
    return document.model_copy(update={"version": number, "effective_on": day})


def _begun(work: UnitOfWork, key: str, kind: str) -> Document:
    """Return the smallest sound document under a new key."""
    if published(work, kind, key):
        raise Refusal(
            "questionnaires.key_taken",
            "「{key}」は公開済みです。公開された版から下書きを作成してください。",
            "“{key}” is published already; begin the draft from its version.",
            place="key",
            key=key,
        )
    if kind == "framework":
        return new_framework(key, work.now.date().isoformat())
    current = services.current_framework(work)
    return new_questionnaire(key, services.framework_in(current))


def save(
    work: UnitOfWork, row: QuestionnaireDraft, *, rev: int, text: str, note: str | None = None
) -> QuestionnaireDraft:
    """Keep a text of the draft, sound or not, and what the change is for (`note`; None leaves it as it is).

    Whoever saves becomes an author. Raises Conflict when somebody saved meanwhile, Refusal for a text that cannot be kept.
    """
    authorize(work.actor, "questionnaire:edit")
    _insist(row, "draft")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    work.expect(row, rev, mine={"text": text, "note": note or ""}, theirs={"text": row.text, "note": row.note})
    note = row.note if note is None else note.replace("\r\n", "\n").strip()
    services.keepable(text, "text")
    services.keepable(note, "note")
    if (text, note) == (row.text, row.note):
        return row
    row.text, row.note = text, note
    _write(work, row)
    return row


def go_back(work: UnitOfWork, row: QuestionnaireDraft, change_id: str, *, rev: int) -> QuestionnaireDraft:
    """Take an earlier saved text again; the texts in between stay in the history. NotFound when it is of another draft."""
    authorize(work.actor, "questionnaire:edit")
    change = work.session.get(DraftChange, change_id)
    if change is None or change.draft_id != row.id:
        raise NotFound
    return save(work, row, rev=rev, text=change.text)


def rebase(work: UnitOfWork, row: QuestionnaireDraft, *, rev: int | None = None) -> QuestionnaireDraft:
    """Put the draft on the version that is newest now, with a number above it; the author has looked at what changed there.

    The text is otherwise left alone. Does nothing when the draft is based on the newest version already.
    """
    authorize(work.actor, "questionnaire:edit")
    _insist(row, "draft")
    work.expect(row, row.rev if rev is None else rev, mine={"text": row.text}, theirs={"text": row.text})
    newest = _newest(work, row)
    if newest is None or newest.id == row.based_on:
        return row
    row.based_on = newest.id
    row.text = _renumbered(row.text, _highest(work, newest).version)
    _write(work, row)
    return row


def _renumbered(text: str, published: str) -> str:
    """Return the text with the number after `published`, unless its own is higher or cannot be found. Nothing else changes."""
    try:
        source = parse("", text)
        if version_order(source.tree["version"]) > version_order(published):
            return text
        number = next(value for name, value in source.root.value if name.value == "version")
    except (Refusals, KeyError, ValueError, AttributeError):
        return text
    return f'{text[: number.start_mark.index]}"{next_version(published)}"{text[number.end_mark.index :]}'


def _write(work: UnitOfWork, row: QuestionnaireDraft) -> None:
    """Store the draft as the actor's, and add its text to the history."""
    row.changed_by, row.changed_at = work.person, work.now
    work.session.flush()
    query = select(func.coalesce(func.max(DraftChange.number), 0)).where(DraftChange.draft_id == row.id)
    number = 1 + (work.session.scalar(query) or 0)
    work.session.add(
        DraftChange(
            draft_id=row.id,
            number=number,
            text=row.text,
            digest=_digest(row.text),
            changed_by=work.person,
            changed_at=work.now,
        )
    )
    work.session.flush()


# ---------------------------------------------------------------- submit, return, publish, discard


def submit(work: UnitOfWork, row: QuestionnaireDraft, *, rev: int) -> QuestionnaireDraft:
    """Hand the draft to somebody else for checking; nobody writes in it meanwhile. Raises Refusals with all that is wrong."""
    authorize(work.actor, "questionnaire:edit")
    _insist(row, "draft")
    work.expect(row, rev)
    document = sound(work, row)
    row.state, row.submitted_by, row.submitted_at = "review", work.person, work.now
    row.reviewed_by, row.reviewed_at, row.review_note = None, None, ""
    work.record(
        "QuestionnaireSubmitted",
        subject=("draft", row.id),
        codes={"key": row.key, "version": document.version, "authors": _ids(_authors(work, row))},
        refs={"text": _digest(row.text)},
        private={"note": row.note} if row.note else {},
    )
    return row


def give_back(work: UnitOfWork, row: QuestionnaireDraft, *, rev: int, reason: str) -> QuestionnaireDraft:
    """Return a submitted draft to its authors with a reason; an author takes it back in the same way."""
    authorize(work.actor, "questionnaire:edit")
    _insist(row, "review")
    work.expect(row, rev, mine={"reason": reason})
    reason = services.reason_given(reason)
    row.state, row.reviewed_by, row.reviewed_at, row.review_note = "draft", work.person, work.now, reason
    work.record("QuestionnaireReturned", subject=("draft", row.id), codes={"key": row.key}, private={"reason": reason})
    return row


def publish(work: UnitOfWork, row: QuestionnaireDraft, *, rev: int) -> Version:
    """Publish a submitted draft as a new version for ever. Needs `questionnaire:publish`, which no author of the draft has.

    Raises Refusal when another version was published meanwhile, Refusals when the documents in force would not fit together.
    """
    authorize(work.actor, "questionnaire:publish", relations_of(work, row))
    _insist(row, "review")
    work.expect(row, rev)
    services.line_up(work, _family(row))
    _insist_newest(work, row)
    document = sound(work, row)
    is_framework = isinstance(document, Framework)
    version = services.add(work, document)
    row.state, row.version_id, row.reviewed_by, row.reviewed_at = "published", version.id, work.person, work.now
    work.record(
        "FrameworkPublished" if is_framework else "QuestionnairePublished",
        subject=("framework" if is_framework else "questionnaire", version.id),
        codes={"key": version.key, "version": version.version, "draft": row.id, "authors": _ids(_authors(work, row))},
        refs={"body": version.digest},
    )
    return version


def _insist_newest(work: UnitOfWork, row: QuestionnaireDraft) -> None:
    """Refuse a draft whose base is no longer the version it would replace."""
    newest = _newest(work, row)
    if (newest.id if newest else None) != row.based_on:
        raise Refusal(
            "questionnaires.published_meanwhile",
            "この下書きの元になった版の後に、別の版（{version}版）が公開されました。差し戻して、最新の版に合わせてください。",
            "Another version ({version}) was published meanwhile. Return the draft and bring it up to the newest version.",
            version=newest.version if newest else "–",
        )


def discard(work: UnitOfWork, row: QuestionnaireDraft, *, rev: int, reason: str) -> QuestionnaireDraft:
    """Give a draft up, with a reason; it stays readable."""
    authorize(work.actor, "questionnaire:edit")
    _insist(row, "draft", "review")
    work.expect(row, rev, mine={"reason": reason})
    reason = services.reason_given(reason)
    row.state, row.review_note, row.reviewed_by, row.reviewed_at = "discarded", reason, work.person, work.now
    work.record("DraftDiscarded", subject=("draft", row.id), codes={"key": row.key}, private={"reason": reason})
    return row


def _insist(row: QuestionnaireDraft, *states: str) -> None:
    if row.state not in states:
        raise Refusal(
            f"questionnaires.is_{row.state}",
            {
                "draft": "この下書きは、まだ審査に出されていません。",
                "review": "この下書きは審査中です。変更するときは差し戻してください。",
                "published": "この下書きは公開済みで、変更できません。",
                "discarded": "この下書きは破棄されています。",
            }[row.state],
            {
                "draft": "This draft was not submitted for review yet.",
                "review": "This draft is under review; return it to change it.",
                "published": "This draft is published and cannot change.",
                "discarded": "This draft was discarded.",
            }[row.state],
        )


def _ids(people: set[str | None]) -> list[str]:
    return sorted(each for each in people if each)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# ---------------------------------------------------------------- versions


def _found(work: UnitOfWork, id: str) -> Version:
    row = work.session.get(QuestionnaireVersion, id) or work.session.get(FrameworkVersion, id)
    if row is None:
        raise NotFound
    return row


def _highest(work: UnitOfWork, like: Version) -> Version:
    """Return the version with the highest number under the same key."""
    kind = "framework" if isinstance(like, FrameworkVersion) else "questionnaire"
    return max(published(work, kind, like.key), key=lambda each: version_order(each.version))


def _newest(work: UnitOfWork, row: QuestionnaireDraft) -> Version | None:
    """Return the version that the draft would replace: the highest that is not retired, or the highest of all."""
    found = published(work, row.kind, row.key)
    retired = services.retirements(work)
    kept = [each for each in found if each.id not in retired] or found
    return max(kept, key=lambda each: version_order(each.version), default=None)


def _family(row: QuestionnaireDraft) -> str:
    """Return the key of the framework under which the draft is published, as far as its text can be read."""
    if row.kind == "framework":
        return row.key
    try:
        return str(parse("", row.text).tree.get("framework", ""))
    except Refusals:
        return ""
