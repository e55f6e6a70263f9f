"""Acts on frameworks and questionnaires: reading the seeds, publishing immutable versions, finding those in force, retiring one.

Publishing writes the canonical document and its SHA-256 once; the same key and version with other content is refused, because a
screening that pinned it must read the same for ever (design.md §3.2). What people write comes through drafts (drafts.py), where
two of them take part; only the service itself publishes seeds without one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from sqlalchemy import select

from governance.accounts.rules import authorize
from governance.questionnaires.definition import Framework, Questionnaire, canonical, digest_of
from governance.questionnaires.models import (
    DraftChange,
    FrameworkVersion,
    QuestionnaireDraft,
    QuestionnaireRetirement,
    QuestionnaireVersion,
)
from governance.questionnaires.reading import MAX_BYTES, DocumentT, Source, read
from governance.questionnaires.rules import Found, check_all
from governance.refusals import Forbidden, NotFound, Problem, Refusal, Refusals
from governance.texts import Text
from governance.work import UnitOfWork

VersionT = TypeVar("VersionT", FrameworkVersion, QuestionnaireVersion)


@lru_cache(maxsize=64)
def parsed_framework(body: str) -> Framework:
    """Return the framework of a stored body; parsed once per process, since bodies never change."""
    return Framework.model_validate_json(body)


@lru_cache(maxsize=256)
def parsed_questionnaire(body: str) -> Questionnaire:
    """Return the questionnaire of a stored body; parsed once per process."""
    return Questionnaire.model_validate_json(body)


_FRAMEWORKS: dict[str, Framework] = {}
_QUESTIONNAIRES: dict[str, Questionnaire] = {}


def framework_in(version: FrameworkVersion) -> Framework:
    """Return the framework of a published version; its body is read from the database once per process, by its digest."""
    found = _FRAMEWORKS.get(version.digest)
    if found is None:
        found = _FRAMEWORKS[version.digest] = parsed_framework(version.body)
    return found


def questionnaire_in(version: QuestionnaireVersion) -> Questionnaire:
    """Return the questionnaire of a published version; its body is read from the database once per process, by its digest."""
    found = _QUESTIONNAIRES.get(version.digest)
    if found is None:
        found = _QUESTIONNAIRES[version.digest] = parsed_questionnaire(version.body)
    return found


def read_seeds(folder: Path) -> tuple[list[Framework], list[Questionnaire]]:
    """Read and check every seed file; raise `Refusals` listing all problems with file, line and column in both languages."""
    problems: list[Problem] = []
    frameworks = _read_all(sorted((folder / "framework").glob("*.yaml")), Framework, problems)
    questionnaires = _read_all(sorted((folder / "questionnaires").glob("*.yaml")), Questionnaire, problems)
    Refusals.raise_any(problems)
    sources = {f.key: source for f, source in frameworks} | {q.key: source for q, source in questionnaires}
    for framework, _ in frameworks:
        own = [q for q, _ in questionnaires if q.framework == framework.key]
        problems += [
            Problem(code, text, sources[key].place(path)) for key, (code, path, text) in check_all(framework, own)
        ]
    known = {framework.key for framework, _ in frameworks}
    problems += [_orphan(q, source) for q, source in questionnaires if q.framework not in known]
    Refusals.raise_any(problems)
    return [f for f, _ in frameworks], [q for q, _ in questionnaires]


def seed(work: UnitOfWork, folder: Path) -> list[str]:
    """Publish every document of `folder` that is not published yet; return "key version" of each newly published one."""
    frameworks, questionnaires = read_seeds(folder)
    published = [publish_framework(work, each) for each in frameworks] + [
        publish_questionnaire(work, each) for each in questionnaires
    ]
    return [name for name in published if name]


def publish_framework(work: UnitOfWork, document: Framework) -> str | None:
    """Publish a framework of the seeds; None when exactly this document already is. People publish through a draft."""
    _service_only(work)
    if _already(work, document):
        return None
    return _recorded(work, add(work, document), "FrameworkPublished")


def publish_questionnaire(work: UnitOfWork, document: Questionnaire) -> str | None:
    """Publish a questionnaire of the seeds; None when exactly this document already is. People publish through a draft."""
    _service_only(work)
    if _already(work, document):
        return None
    return _recorded(work, add(work, document), "QuestionnairePublished")


def _service_only(work: UnitOfWork) -> None:
    """Refuse people: what they publish needs a draft and a second person (assurance.md T3)."""
    authorize(work.actor, "questionnaire:publish")
    if work.person is not None:
        raise Forbidden(
            "questionnaires.needs_draft",
            "質問票と枠組みは、下書きを作成し、作成者以外の人が確認して公開してください。",
            "Write a draft first; somebody who did not write it checks and publishes it.",
        )


def add(work: UnitOfWork, document: Framework | Questionnaire) -> FrameworkVersion | QuestionnaireVersion:
    """Add a version to what is published. The caller has authorised and checked, and records the act."""
    if isinstance(document, Framework):
        return _add_framework(work, document)
    return _add_questionnaire(work, document)


def _add_framework(work: UnitOfWork, document: Framework) -> FrameworkVersion:
    body = canonical(document)
    return _added(
        work,
        FrameworkVersion(
            key=document.key,
            version=document.version,
            effective_on=document.effective_on,
            body=body.decode(),
            digest=digest_of(body),
            published_at=work.now,
            published_by=work.person,
        ),
    )


def _add_questionnaire(work: UnitOfWork, document: Questionnaire) -> QuestionnaireVersion:
    body = canonical(document)
    return _added(
        work,
        QuestionnaireVersion(
            key=document.key,
            version=document.version,
            kind=document.kind,
            framework_key=document.framework,
            phase=document.phase,
            pack=document.pack,
            title_ja=document.title.ja,
            title_en=document.title.en,
            body=body.decode(),
            digest=digest_of(body),
            published_at=work.now,
            published_by=work.person,
        ),
    )


def _added(work: UnitOfWork, row: VersionT) -> VersionT:
    work.session.add(row)
    work.session.flush()
    return row


def _recorded(work: UnitOfWork, row: FrameworkVersion | QuestionnaireVersion, act: str) -> str:
    """Record that a seed was published, and return "key version"."""
    kind = "framework" if isinstance(row, FrameworkVersion) else "questionnaire"
    work.record(act, subject=(kind, row.id), codes={"key": row.key, "version": row.version}, row=row)
    return f"{row.key} {row.version}"


def current_framework(work: UnitOfWork, key: str | None = None) -> FrameworkVersion:
    """Return the version of a framework in force today: the newest effective date not in the future. NotFound when none."""
    query = select(FrameworkVersion).where(FrameworkVersion.effective_on <= work.now.date())
    if key:
        query = query.where(FrameworkVersion.key == key)
    row = work.session.scalars(
        query.order_by(FrameworkVersion.effective_on.desc(), FrameworkVersion.published_at.desc())
    ).first()
    if row is None:
        raise Refusal(
            "questionnaires.none",
            "公開された枠組みがありません。`governance seed` を実行してください。",
            "No framework is published; run `governance seed`.",
        )
    return row


def current_questionnaires(work: UnitOfWork, framework_key: str, phases: Sequence[str]) -> list[QuestionnaireVersion]:
    """Return the newest version, not retired, of each questionnaire of the framework: trigger sheet, the given phases, packs."""
    rows = work.session.scalars(
        select(QuestionnaireVersion)
        .where(QuestionnaireVersion.framework_key == framework_key)
        .where(QuestionnaireVersion.id.not_in(select(QuestionnaireRetirement.version_id)))
    )
    ordered = sorted(rows, key=lambda row: (version_order(row.version), row.published_at))
    newest = {row.key: row for row in ordered}.values()
    order = {"trigger": 0, "screening": 1, "pack": 2}
    return sorted(
        (row for row in newest if row.kind != "screening" or row.phase in phases),
        key=lambda row: (order[row.kind], phases.index(row.phase) if row.phase in phases else 0, row.key),
    )


def version_order(version: str) -> tuple[int, ...]:
    """Return what versions are ordered by: their numbers, so that 1.10 comes after 1.9, and 1 is the same as 1.0."""
    numbers = [int(part) for part in version.split(".")]
    return tuple(numbers + [0] * (3 - len(numbers)))


def retirements(work: UnitOfWork) -> dict[str, QuestionnaireRetirement]:
    """Return the retirement of every version that has one, by the id of the version."""
    authorize(work.actor, "questionnaire:view")
    return {row.version_id: row for row in work.session.scalars(select(QuestionnaireRetirement))}


def retire(work: UnitOfWork, row: QuestionnaireVersion, *, reason: str) -> QuestionnaireRetirement:
    """Retire a version: screenings that pinned it keep it, new ones take the newest one that is left, or none.

    Never by who wrote the draft it came from: going back to the version before takes two people, as publishing does. Raises
    Refusal without a reason or for a version that is retired already, and Refusals when what is left does not fit together.
    """
    authorize(work.actor, "questionnaire:publish", _relations_to(work, row))
    reason = reason_given(reason)
    line_up(work, row.framework_key)
    if row.id in retirements(work):
        raise Refusal(
            "questionnaires.retired",
            "「{key}」{version}版は既に廃止されています。",
            "“{key}” version {version} is retired already.",
            key=row.key,
            version=row.version,
        )
    before = misfits(work, row.framework_key)
    retirement = QuestionnaireRetirement(version_id=row.id, reason=reason, retired_at=work.now, retired_by=work.person)
    work.session.add(retirement)
    work.session.flush()
    Refusals.raise_any([elsewhere(*each) for each in misfits(work, row.framework_key) if each not in before])
    work.record(
        "QuestionnaireRetired",
        subject=("questionnaire", row.id),
        codes={"key": row.key, "version": row.version},
        private={"reason": reason},
    )
    return retirement


def _relations_to(work: UnitOfWork, row: QuestionnaireVersion) -> frozenset[str]:
    """Return `draft.author` for whoever saved a text of the draft that became this version."""
    drafts = select(QuestionnaireDraft.id).where(QuestionnaireDraft.version_id == row.id)
    authors = work.session.scalars(select(DraftChange.changed_by).where(DraftChange.draft_id.in_(drafts)))
    return frozenset({"draft.author"} if work.person in set(authors) else ())


def keepable(text: str, place: str) -> None:
    """Refuse a text that no database keeps: too long, with NUL, or with half of a surrogate pair."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        size = -1
    if size < 0 or "\0" in text:
        raise Refusal(
            "questionnaires.not_text",
            "保存できない文字（制御文字など）が含まれています。",
            "The text holds characters that cannot be kept.",
            place=place,
        )
    if size > MAX_BYTES:
        raise Refusal(
            "questionnaires.too_large",
            "長すぎるため保存できません（上限1 MB）。",
            "Too long to be kept (limit 1 MB).",
            place=place,
        )


def reason_given(reason: str) -> str:
    """Return the reason of an act without blanks around it. Raises Refusal when there is none."""
    reason = reason.strip()
    keepable(reason, "reason")
    if not reason:
        raise Refusal("questionnaires.reason", "理由を入力してください。", "Give a reason.", place="reason")
    return reason


def line_up(work: UnitOfWork, framework_key: str) -> None:
    """Let one after the other publish or retire under a framework: each must see what the one before it left in force."""
    query = select(FrameworkVersion.id).where(FrameworkVersion.key == framework_key).order_by(FrameworkVersion.id)
    work.session.execute(query.with_for_update()).all()


def misfits(
    work: UnitOfWork, framework_key: str, new: Framework | Questionnaire | None = None
) -> list[tuple[str, Found]]:
    """Return what does not fit together among the documents in force once `new` has replaced its predecessor.

    The framework is that in force today and every later one that is published already. Each problem comes with its document's key.
    """
    frameworks = _frameworks_ahead(work, framework_key)
    if isinstance(new, Framework):
        frameworks = [new]
    found: dict[tuple[str, Found], None] = {}
    for framework in frameworks:
        rows = current_questionnaires(work, framework_key, [phase.code for phase in framework.phases])
        sheets = {row.key: questionnaire_in(row) for row in rows}
        if isinstance(new, Questionnaire):
            sheets[new.key] = new
        found |= dict.fromkeys(check_all(framework, list(sheets.values())))
    return list(found)


def elsewhere(key: str, found: Found) -> Problem:
    """Return a problem that lies in another document than the one at hand: its sentence names the document."""
    code, _, text = found
    return Problem(code, Text("「{key}」：{text}", "“{key}”: {text}").filled(key=key, text=text), key)


def _frameworks_ahead(work: UnitOfWork, key: str) -> list[Framework]:
    """Return the framework in force today and the published ones that will be, in order of their days."""
    rows = work.session.scalars(
        select(FrameworkVersion)
        .where(FrameworkVersion.key == key)
        .order_by(FrameworkVersion.effective_on, FrameworkVersion.published_at)
    ).all()
    begun = [row for row in rows if row.effective_on <= work.now.date()]
    return [framework_in(row) for row in [*begun[-1:], *rows[len(begun) :]]]


def versions(work: UnitOfWork) -> tuple[list[FrameworkVersion], list[QuestionnaireVersion]]:
    """Return everything published, newest first."""
    authorize(work.actor, "questionnaire:view")
    frameworks = work.session.scalars(select(FrameworkVersion).order_by(FrameworkVersion.published_at.desc()))
    questionnaires = work.session.scalars(
        select(QuestionnaireVersion).order_by(
            QuestionnaireVersion.kind, QuestionnaireVersion.key, QuestionnaireVersion.published_at.desc()
        )
    )
    return list(frameworks), list(questionnaires)


def version(work: UnitOfWork, questionnaire_id: str) -> QuestionnaireVersion:
    """Return one published questionnaire version. NotFound when there is none with this id."""
    authorize(work.actor, "questionnaire:view")
    row = work.session.get(QuestionnaireVersion, questionnaire_id)
    if row is None:
        raise NotFound
    return row


def _read_all(paths: Sequence[Path], kind: type[DocumentT], problems: list[Problem]) -> list[tuple[DocumentT, Source]]:
    found = []
    for path in paths:
        try:
            found.append(read(path, kind))
        except Refusals as refusals:
            problems += refusals.problems
    return found


def _already(work: UnitOfWork, document: Framework | Questionnaire) -> bool:
    """Say whether exactly this document is published. Raises Refusal when another one is under its key and version.

    The documents are compared, not their digests: a field that the vocabulary gained since is at its default in the stored one.
    """
    table = FrameworkVersion if isinstance(document, Framework) else QuestionnaireVersion
    body = work.session.scalars(
        select(table.body).where(table.key == document.key, table.version == document.version)
    ).one_or_none()
    if body is None:
        return False
    if canonical(type(document).model_validate_json(body)) == canonical(document):
        return True
    raise Refusal(
        "questionnaires.immutable",
        "「{key}」{version}版は公開済みで、内容は変えられません。変更するときは新しい版番号を付けてください。",
        "“{key}” version {version} is published and cannot change; give the change a new version number.",
        key=document.key,
        version=document.version,
    )


def _orphan(questionnaire: Questionnaire, source: Source) -> Problem:
    return Problem(
        "seed.unknown",
        Text(
            f"枠組み「{questionnaire.framework}」がありません。", f"There is no framework “{questionnaire.framework}”."
        ),
        source.place(("framework",)),
    )
