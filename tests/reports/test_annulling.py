"""Annulled and superseded: a report out of force says so wherever it is met, is never issued again, and nobody does it in silence."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import select

from governance.ledger.services import subject_events
from governance.notifications.models import Notice
from governance.pages import limiter
from governance.refusals import Forbidden, NotFound, Refusal, Refusals
from governance.reports import annulling, documents, issuing, papers, services
from governance.reports.compose import House
from governance.reports.models import BulkFile, BulkJob, Report
from governance.reports.printing import Printed
from governance.reports.services import Order
from governance.reports.validity import newer
from governance.screenings.models import Screening
from governance.storage.database import Database
from governance.storage.files import FileStore
from governance.texts import Text
from governance.web import Service
from governance.work import UnitOfWork, run
from tests.builders import World, world
from tests.conftest import FreshDatabase
from tests.reviews import scenes
from tests.visitor import Visitor, service

WHY = "宛先を誤って発行した。"


class Scene(NamedTuple):
    """A decided case, its store and the service, with a press that prints nothing."""

    made: World
    store: FileStore
    app: Service
    screening: str
    project: str
    decision: str


@pytest.fixture(scope="module")
def scene(fresh_database: FreshDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder: Path = tmp_path_factory.mktemp("annulled")
    with pytest.MonkeyPatch.context() as patched, fresh_database() as url:
        patched.setattr(issuing, "print_report", lambda html, record, **_: Printed(b"%PDF-" + html.encode(), 7))
        made = world(Database(url))
        screening, decision, _ = scenes.decided(made)
        with made.acting(read_only=True) as work:
            project = work.session.get_one(Screening, screening).project_id
        yield Scene(made, FileStore(folder / "files"), service(made.database, folder), screening, project, decision)
        made.database.dispose()


def house(name: str) -> House:
    return House(Text(name, name), Text("社外秘", "Confidential"))


def case_report(scene: Scene, by: str = "expert", issuer: str = "発行元") -> str:
    order = Order(scene.project, "ja", "監査", scene.screening, house(issuer))
    return services.issue(scene.made.database, scene.made.actor(by), scene.store, order)


def mapping(scene: Scene) -> str:
    order = documents.Order("mapping", "ja", "監査", project_id=scene.project)
    return documents.issue(scene.made.database, scene.made.actor("secretariat"), scene.store, order)


def letter(scene: Scene) -> str:
    order = papers.Order("letter", scene.decision, "ja")
    return papers.issue(scene.made.database, scene.made.actor("secretariat"), scene.store, order)


ISSUED = {"case": case_report, "mapping": mapping, "letter": letter}


def row_of(work: Any, id: str) -> Any:
    return papers.paper(work, id) if work.session.get(Report, id) is None else services.report(work, id)


def annul(scene: Scene, id: str, by: str = "secretariat", reason: str = WHY) -> None:
    with scene.made.acting(by) as work:
        is_report = work.session.get(Report, id) is not None
        row = annulling.annullable_report(work, id) if is_report else annulling.annullable_paper(work, id)
        annulling.annul(work, row, reason)


def told(scene: Scene, id: str) -> tuple[str, str, str | None]:
    """Return number, digest of the file, and the number of what took the place."""
    with scene.made.acting("auditor", read_only=True) as work:
        row = row_of(work, id)
        found = newer(work.session, [row]).get(id)
        return row.number, row.file_digest, found.number if found else None


def visitor(scene: Scene, name: str = "", language: str = "ja") -> Visitor:
    limiter.reset()
    browser = Visitor(scene.app)
    browser.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
    if name:
        browser.sign_in(f"{name}@test.example")
    return browser


@pytest.mark.parametrize("kind", ISSUED)
def test_what_was_annulled_is_never_issued_again_and_a_new_one_takes_its_place(scene: Scene, kind: str) -> None:
    first = ISSUED[kind](scene)
    assert ISSUED[kind](scene) == first, "the same content is the same report"
    number, digest, _ = told(scene, first)
    assert f"{number}は、取り消されも差し替えられもしていません" in visitor(scene).get(f"/verify?d={digest}").text
    annul(scene, first)
    second = ISSUED[kind](scene)
    assert second != first
    assert ISSUED[kind](scene) == second
    assert told(scene, first)[2] == told(scene, second)[0] != number
    assert told(scene, second)[2] is None, "what was annulled takes no place"
    with pytest.raises(Refusal) as refused:
        annul(scene, first)
    assert refused.value.code == "reports.annulled_before"
    with scene.made.acting("auditor", read_only=True) as work:
        said = subject_events(work.session, "paper" if kind == "letter" else "report", first)[-1]
        assert (said.type, said.body["codes"]["number"], said.private["reason"]) == ("ReportAnnulled", number, WHY)
        assert WHY not in json.dumps(said.body, ensure_ascii=False)
        place = f"/{'papers' if kind == 'letter' else 'reports'}/{first}"
        notices = set(work.session.scalars(select(Notice.user_id).where(Notice.href == place)))
        assert notices >= {scene.made.people[name].id for name in ("owner", "member", "auditor")}
    page = visitor(scene, "auditor").get(place).text
    assert "この文書は取り消されています" in page
    assert WHY in page
    assert told(scene, second)[0] in page
    assert visitor(scene, "auditor").get(f"{place}/file").status_code == 200, "the record can still be fetched"


def test_whoever_has_the_digest_learns_numbers_and_dates_and_nothing_else(scene: Scene) -> None:
    first = case_report(scene, issuer="前の名")
    second = case_report(scene, issuer="後の名")
    _, digest, _ = told(scene, first)
    number, last, _ = told(scene, second)
    page = visitor(scene).get(f"/verify?d={digest}").text
    assert "新しい版があります" in page
    assert number in page
    english = visitor(scene, language="en").get(f"/verify?d={digest}").text
    assert f"A newer version of {told(scene, first)[0]} was issued" in english
    register = visitor(scene, "auditor").get("/reports").text
    assert f"新しい版：{number}" in register
    annul(scene, second, by="legal")
    assert told(scene, first)[2] is None, "the one before holds again"
    page = visitor(scene).get(f"/verify?d={last}").text
    assert f"{number}は" in page
    assert "に取り消されています" in page
    for secret in (WHY, "架空の需要予測AI", "見本 legal"):
        assert secret not in page
    assert "取消" in visitor(scene, "auditor").get("/reports").text


def test_only_secretariat_and_legal_counsel_annul_and_they_say_why(scene: Scene) -> None:
    made = case_report(scene, issuer="誰が取り消すか")
    for who in ("expert", "owner", "auditor", "administrator", "executive", "chair"):
        with pytest.raises((Forbidden, NotFound)):
            annul(scene, made, by=who)
    for reason in ("", "　 ", "x" * 2001):
        with pytest.raises(Refusals):
            annul(scene, made, reason=reason)
    assert visitor(scene, "expert").get(f"/reports/{made}/annul").status_code == 403
    assert "この報告書を取り消す" not in visitor(scene, "expert").get(f"/reports/{made}").text
    office = visitor(scene, "secretariat")
    assert f"/reports/{made}/annul" in office.get(f"/reports/{made}").text
    assert "取消は元に戻せません" in office.get(f"/reports/{made}/annul").text
    assert office.post(f"/reports/{made}/annul", {"reason": " "}).status_code == 422
    answer = office.post(f"/reports/{made}/annul", {"reason": WHY})
    assert answer.status_code == 303, answer.text
    assert WHY in office.get(answer.headers["Location"]).text
    assert office.get(f"/reports/{made}/annul").status_code == 422
    paper = letter(scene)
    assert office.post(f"/papers/{paper}/annul", {"reason": WHY}).status_code == 303
    assert "取消" in office.get(f"/decisions/{scene.decision}/letter").text


def test_an_annulment_between_looking_and_issuing_again_is_seen(scene: Scene) -> None:
    made = case_report(scene, issuer="追い越し")
    order = Order(scene.project, "ja", "監査", scene.screening, house("追い越し"))
    with scene.made.acting("expert") as work:
        assert services.prepare(work, order, scene.store).again == made
    annul(scene, made)
    with pytest.raises(Refusal) as refused, scene.made.acting("expert") as work:
        services.issue_again(work, made, order)
    assert refused.value.code == "reports.annulled"


def test_the_archive_of_a_bulk_issue_leaves_an_annulled_report_out(scene: Scene) -> None:
    made = case_report(scene, issuer="一括")
    with scene.made.acting("secretariat") as work:
        file = BulkFile(
            position=1, project_id=scene.project, screening_id=scene.screening, state="done", report_id=made
        )
        job = BulkJob(
            state="done", lang="ja", purpose="監査", chosen={}, asked_by=work.actor.id, asked_at=work.now, files=[file]
        )
        work.session.add(job)
        work.session.flush()
        address = f"/reports/bulk/{job.id}"
    office = visitor(scene, "secretariat")
    assert len(zipfile.ZipFile(io.BytesIO(office.get(f"{address}/files").data)).namelist()) > 1
    annul(scene, made)
    archive = zipfile.ZipFile(io.BytesIO(office.get(f"{address}/files").data))
    assert archive.namelist() == ["MANIFEST.jsonl"]
    line = json.loads(archive.read("MANIFEST.jsonl"))
    assert (line["state"], line["file"], line["number"]) == ("annulled", None, told(scene, made)[0])
    assert "取消" in office.get(address).text


def test_two_at_once_both_get_a_number_and_one_of_two_annuls(scene: Scene) -> None:
    found: list[Any] = []

    def at_once(*acts: Any) -> None:
        start = threading.Barrier(len(acts))

        def do(act: Any) -> None:
            start.wait()
            try:
                found.append(act())
            except Refusal as refused:
                found.append(refused.code)

        threads = [threading.Thread(target=do, args=(act,)) for act in acts]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

    at_once(*(lambda name=name: case_report(scene, issuer=name) for name in ("甲", "乙", "丙", "丁")))
    assert len({told(scene, id)[0] for id in found}) == 4
    one, found[:] = found[0], []

    def annulled_by(by: str) -> None:
        def act(work: UnitOfWork) -> None:
            annulling.annul(work, annulling.annullable_report(work, one), WHY)

        run(scene.made.database, scene.made.actor(by), act)

    at_once(*(lambda by=by: annulled_by(by) for by in ("secretariat", "legal")))
    assert sorted(map(str, found)) == ["None", "reports.annulled_before"]
