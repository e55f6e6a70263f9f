"""Acts on a piece of evidence of a project: new version, title and last day, taking it away, and the reminder before its last day.

What a record rests on is never taken away: it can only be withdrawn from further use, with a reason, and stays downloadable. Locked
screenings keep the version that they were submitted with (assurance.md T1).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import aliased

from governance.accounts.rules import authorize, may
from governance.notifications.models import Notice
from governance.notifications.services import notify
from governance.projects.life import ENDED, must_run, states_of
from governance.projects.models import Evidence, Project
from governance.projects.services import relations_of
from governance.refusals import NotFound, Refusal
from governance.screenings.evidence import FileGiven, link, of_file, of_link, one_line, unlink
from governance.screenings.models import AnswerEvidence, Screening
from governance.screenings.rules import EDITABLE
from governance.screenings.shelf import SOON, is_expired, uses
from governance.work import UnitOfWork

Place = tuple[str, str]
"""A screening and the key of one of its questions."""

LAST_DAYS = 7
"""The second reminder goes out this many days before the last day of a piece, the third after it."""


@dataclass(frozen=True)
class Version:
    """What a new version says about itself: a stored file or an address, title, and the last day on which it holds."""

    given: FileGiven | None
    url: str = ""
    title: str = ""
    title_en: str = ""
    expires_on: date | None = None


def piece_of(work: UnitOfWork, project: Project, evidence_id: str) -> Evidence:
    """Return a piece of this very project, also one that was taken away; NotFound for any other (assurance.md T6)."""
    piece = work.session.get(Evidence, evidence_id)
    if piece is None or piece.project_id != project.id:
        raise NotFound
    return piece


def may_keep(work: UnitOfWork, project: Project) -> bool:
    """Say whether the actor may change the evidence of the project."""
    return may(work.actor, "screening:answer", relations_of(work, project))


def replace(work: UnitOfWork, piece: Evidence, version: Version, moved: Collection[Place]) -> Evidence:
    """Record a new version and move these answers to it; those of locked screenings keep what they have.

    Raises Refusal when the piece was taken away or has a later version already, and when nothing changed.
    """
    _may_change(work, piece)
    _lock(work, piece)
    new = _version(work, piece, version)
    new.replaces_id = piece.id
    work.session.add(new)
    work.session.flush()
    places = [(row, key) for row, key in _open_places(work, piece) if (row.id, key) in moved]
    for row, key in places:
        link(work, row, key, new)
        unlink(work, row, key, piece.id)
    work.record(
        "EvidenceReplaced",
        subject=("evidence", new.id),
        project=piece.project_id,
        codes={"replaces": piece.id, "kind": new.kind, "questions": sorted({key for _, key in places})},
        refs={"file": new.digest, "before": piece.digest},
        row=new,
    )
    return new


def _version(work: UnitOfWork, piece: Evidence, version: Version) -> Evidence:
    """Return the row of a new version; its title is that of the one before, unless another one is given."""
    title, title_en = version.title or piece.title, version.title_en or piece.title_en
    if version.given is None and not version.url.strip():
        raise Refusal(
            "evidence.nothing",
            "新しい版のファイルを選ぶか、リンクを入力してください。",
            "Choose the file of the new version, or enter a link.",
            place="file",
        )
    if version.given is not None:
        new = of_file(work, piece.project_id, version.given, title, title_en, version.expires_on)
    else:
        new = of_link(work, piece.project_id, version.url, title, title_en, version.expires_on)
    if new.digest == piece.digest:
        raise Refusal(
            "evidence.same",
            "いまの版と同じ内容です。新しい版のファイルを選んでください。有効期限だけを変えるときは、証跡のページで変更できます。",
            "The content is the same as that of the present version. Choose the file of the new one; the last day alone can be "
            "changed on the page of the evidence.",
            place="file",
        )
    return new


def change(work: UnitOfWork, piece: Evidence, *, rev: int, title: str, title_en: str, expires_on: date | None) -> None:
    """Change what a piece is called and until when it holds. Raises Conflict when somebody else changed it first."""
    _may_change(work, piece)
    title, title_en = one_line(title), one_line(title_en)
    _expect(work, piece, rev, mine={"title": title, "title_en": title_en, "expires_on": _iso(expires_on)})
    if not title:
        raise Refusal("evidence.title", "題名を入力してください。", "Enter a title.", place="title")
    if (title, title_en, expires_on) == (piece.title, piece.title_en, piece.expires_on):
        return
    piece.title, piece.title_en, piece.expires_on = title, title_en, expires_on
    work.session.flush()
    work.record(
        "EvidenceChanged",
        subject=("evidence", piece.id),
        project=piece.project_id,
        rev=(rev, piece.rev),
        codes={"expires_on": _iso(expires_on)},
        private={"title": title},
        row=piece,
    )


def remove(work: UnitOfWork, piece: Evidence, *, rev: int, reason: str) -> None:
    """Take a piece away from the project and off every answer that can still be changed.

    What a record rests on is not taken away: Refusal, with `withdraw` as the way that is left.
    """
    _may_change(work, piece)
    if binding(work, piece):
        raise Refusal(
            "evidence.rests",
            "この証跡は提出済みの内容や付帯条件の根拠になっているため、削除できません。今後使わないようにするには「使用をやめる」を選んでください。",
            "Records rest on this evidence, so it cannot be removed. Choose “Withdraw from use” to use it no further.",
        )
    _take_away(work, piece, rev, reason, "EvidenceRemoved")


def withdraw(work: UnitOfWork, piece: Evidence, *, rev: int, reason: str) -> None:
    """Let a piece be used no further, for a reason; it stays with the records that rest on it."""
    _may_change(work, piece)
    if not reason.strip():
        raise Refusal(
            "evidence.reason",
            "使用をやめる理由を書いてください。",
            "Write why it is used no further.",
            place="reason",
        )
    _take_away(work, piece, rev, reason, "EvidenceWithdrawn")


def binding(work: UnitOfWork, piece: Evidence) -> bool:
    """Say whether a record rests on the piece: a snapshot, a decision, a report about a condition."""
    return any(use.binds for use in uses(work, piece.project_id, [piece]).get(piece.id, []))


def _take_away(work: UnitOfWork, piece: Evidence, rev: int, reason: str, event: str) -> None:
    _expect(work, piece, rev, mine={"reason": reason})
    places = _open_places(work, piece)
    for row, key in places:
        unlink(work, row, key, piece.id)
    piece.removed_at, piece.removed_by, piece.removed_because = work.now, work.actor.id, reason.strip()
    work.session.flush()
    work.record(
        event,
        subject=("evidence", piece.id),
        project=piece.project_id,
        rev=(rev, piece.rev),
        codes={"questions": sorted({key for _, key in places})},
        refs={"file": piece.digest},
        private={"reason": piece.removed_because} if piece.removed_because else {},
        row=piece,
    )


def _open_places(work: UnitOfWork, piece: Evidence) -> list[tuple[Screening, str]]:
    """Return the answers that the piece supports and that can still be changed."""
    query = select(Screening, AnswerEvidence.question_key).join(
        AnswerEvidence, AnswerEvidence.screening_id == Screening.id
    )
    query = query.where(AnswerEvidence.evidence_id == piece.id, Screening.state.in_(EDITABLE))
    return [(row, key) for row, key in work.session.execute(query.order_by(Screening.id, AnswerEvidence.question_key))]


def _may_change(work: UnitOfWork, piece: Evidence) -> None:
    """Refuse whoever may not, a project that does not run, and a piece that was taken away."""
    authorize(work.actor, "screening:answer", relations_of(work, piece.project))
    must_run(work, piece.project_id)
    if piece.removed_at is not None:
        raise Refusal(
            "evidence.gone",
            "この証跡は使用をやめたか、削除されています。",
            "This evidence was withdrawn from use or removed.",
        )


def _lock(work: UnitOfWork, piece: Evidence) -> None:
    """Hold the piece until the end of the unit, and refuse a second version beside the first: the line of versions has no forks."""
    work.session.refresh(piece, with_for_update=True)
    if work.session.scalar(select(Evidence.id).where(Evidence.replaces_id == piece.id)) is not None:
        raise Refusal(
            "evidence.replaced",
            "すでに新しい版があります。最新の版を開いて差し替えてください。",
            "There is a newer version already. Open it and replace that one.",
        )


def _expect(work: UnitOfWork, piece: Evidence, rev: int, mine: dict[str, str]) -> None:
    work.session.refresh(piece, with_for_update=True)
    theirs = {"title": piece.title, "title_en": piece.title_en, "expires_on": _iso(piece.expires_on)}
    work.expect(piece, rev, mine=mine, theirs=theirs)


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


# ---------------------------------------------------------------- reminders


def expiring(work: UnitOfWork, today: date) -> int:
    """Remind owner and adder of evidence that expires within a month, within a week, or has expired: once each.

    A daily job; returns about how many pieces somebody was told. Newer versions, pieces taken away and projects that ended are left
    alone; a changed day counts anew.
    """
    later = aliased(Evidence)
    query = select(Evidence).where(
        Evidence.expires_on <= today + SOON,
        Evidence.removed_at.is_(None),
        ~select(later.id).where(later.replaces_id == Evidence.id).exists(),
    )
    found = work.session.scalars(query.order_by(Evidence.id)).all()
    states = states_of(work, {piece.project_id for piece in found})
    return sum(_remind(work, piece, today) for piece in found if states.get(piece.project_id, "active") not in ENDED)


def _remind(work: UnitOfWork, piece: Evidence, today: date) -> bool:
    """Leave the reminder of the present step, unless it was left before; say whether it was."""
    if piece.expires_on is None:
        return False
    step = (
        "expired" if is_expired(piece, today) else "week" if (piece.expires_on - today).days <= LAST_DAYS else "month"
    )
    once = f"evidence:{piece.id}:{piece.expires_on}:{step}"
    told = select(Notice.id).where(Notice.once.startswith(once, autoescape=True)).limit(1)
    if work.session.scalar(told) is not None:
        return False
    owner = piece.project.owner
    notify(
        work,
        "evidence_expiring",
        {piece.added_by, *([owner.id] if owner else [])},
        project=piece.project,
        href=f"/projects/{piece.project_id}/evidence/{piece.id}",
        codes={"on": piece.expires_on.isoformat()} | ({"about": "expired"} if step == "expired" else {}),
        once=once,
    )
    work.session.flush()
    return work.session.scalar(told) is not None
