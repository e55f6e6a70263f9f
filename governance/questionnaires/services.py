"""Acts on frameworks and questionnaires: reading the seeds, publishing immutable versions, finding the one in force.

Publishing writes the canonical document and its SHA-256 once; the same key and version with other content is refused, because a
screening that pinned it must read the same for ever (design.md §3.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from sqlalchemy import select

from governance.accounts.rules import authorize
from governance.questionnaires.definition import Framework, Questionnaire, canonical, digest_of
from governance.questionnaires.models import FrameworkVersion, QuestionnaireVersion
from governance.questionnaires.reading import DocumentT, Source, read
from governance.questionnaires.rules import check_all
from governance.refusals import NotFound, Problem, Refusal, Refusals
from governance.texts import Text
from governance.work import UnitOfWork


@lru_cache(maxsize=64)
def parsed_framework(body: str) -> Framework:
    """Return the framework of a stored body; parsed once per process, since bodies never change."""
    return Framework.model_validate_json(body)


@lru_cache(maxsize=256)
def parsed_questionnaire(body: str) -> Questionnaire:
    """Return the questionnaire of a stored body; parsed once per process."""
    return Questionnaire.model_validate_json(body)


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
    """Publish a framework version; None when exactly this document already is. Needs `questionnaire:publish`."""
    authorize(work.actor, "questionnaire:publish")
    body = canonical(document)
    if _already(work, FrameworkVersion, document, body):
        return None
    row = FrameworkVersion(
        key=document.key,
        version=document.version,
        effective_on=document.effective_on,
        body=body.decode(),
        digest=digest_of(body),
        published_at=work.now,
        published_by=work.person,
    )
    return _publish(work, row, "FrameworkPublished", "framework")


def publish_questionnaire(work: UnitOfWork, document: Questionnaire) -> str | None:
    """Publish a questionnaire version; None when exactly this document already is. Needs `questionnaire:publish`."""
    authorize(work.actor, "questionnaire:publish")
    body = canonical(document)
    if _already(work, QuestionnaireVersion, document, body):
        return None
    row = QuestionnaireVersion(
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
    )
    return _publish(work, row, "QuestionnairePublished", "questionnaire")


def _publish(work: UnitOfWork, row: FrameworkVersion | QuestionnaireVersion, act: str, kind: str) -> str:
    """Add a version to what is published, record the act, and return "key version"."""
    work.session.add(row)
    work.session.flush()
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
    """Return the newest published version of each questionnaire of the framework: trigger sheet, the given phases, packs."""
    rows = work.session.scalars(
        select(QuestionnaireVersion)
        .where(QuestionnaireVersion.framework_key == framework_key)
        .order_by(QuestionnaireVersion.published_at)
    )
    newest = {row.key: row for row in rows if row.kind != "screening" or row.phase in phases}
    order = {"trigger": 0, "screening": 1, "pack": 2}
    return sorted(
        newest.values(), key=lambda row: (order[row.kind], phases.index(row.phase) if row.phase else 0, row.key)
    )


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


def _already(
    work: UnitOfWork,
    table: type[FrameworkVersion] | type[QuestionnaireVersion],
    document: Framework | Questionnaire,
    body: bytes,
) -> bool:
    digest = work.session.scalars(
        select(table.digest).where(table.key == document.key, table.version == document.version)
    ).one_or_none()
    if digest is not None and digest != digest_of(body):
        raise Refusal(
            "questionnaires.immutable",
            "「{key}」{version}版は公開済みで、内容は変えられません。変更するときは新しい版番号を付けてください。",
            "“{key}” version {version} is published and cannot change; give the change a new version number.",
            key=document.key,
            version=document.version,
        )
    return digest is not None


def _orphan(questionnaire: Questionnaire, source: Source) -> Problem:
    return Problem(
        "seed.unknown",
        Text(
            f"枠組み「{questionnaire.framework}」がありません。", f"There is no framework “{questionnaire.framework}”."
        ),
        source.place(("framework",)),
    )
