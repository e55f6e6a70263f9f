"""Issuing reports of real cases: what they say, who may issue and read them, and that an unchanged one is not made twice."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from governance.ledger.services import project_events
from governance.refusals import Forbidden, NotFound, Refusal, Refusals
from governance.reports import issuing, services
from governance.reports.case import read_case
from governance.reports.compose import Imprint, compose
from governance.reports.consistency import gaps
from governance.reports.models import Report
from governance.reports.rules import last_of, next_number
from governance.reports.services import Order
from governance.reviews.models import Condition
from governance.screenings.models import Screening
from governance.screenings.result import shown
from governance.storage.files import FileStore
from tests.builders import ROLES, World, answered, opened, registered, submitted
from tests.reviews import scenes

IMPRINT = Imprint("AIG-R1-2026-0001", 1, "2026-12-01")


def content_of(made: World, screening_id: str, lang: str = "ja") -> Any:
    with made.acting("auditor", read_only=True) as work:
        row = work.session.get_one(Screening, screening_id)
        return compose(read_case(work, row.project, row, lang), IMPRINT)


def project_of(made: World, screening_id: str) -> str:
    with made.acting("auditor", read_only=True) as work:
        return work.session.get_one(Screening, screening_id).project_id


def issued(made: World, store: FileStore, project_id: str, by: str = "expert", **changes: str) -> str:
    order = Order(project_id, **{"lang": "ja", "purpose": "監査部への提出", **changes})
    return services.issue(made.database, made.actor(by), store, order)


def words(html: str) -> str:
    return re.sub(r"\s+", "", unescape(re.sub(r"(?s)<style>.*?</style>|<[^>]*>", "", html)))


def test_a_decided_case_is_told_whole(made: World) -> None:
    screening_id, _, _ = scenes.decided(made)
    content = content_of(made, screening_id)
    assert gaps(content) == []
    assert content["document"]["state"] == "final"
    assert content["decision"]["outcome"]["code"] == "approved_with_conditions"
    session = content["committee"]
    assert [(m["attendance"]["code"], m["side"]["code"]) for m in session["members"]] == [
        ("in_person", "external"),
        ("in_person", "external"),
        ("remote", "external"),
        ("absent", "external"),
        ("in_person", "internal"),
        ("in_person", "internal"),
        ("absent", "internal"),
    ]
    assert "賛成 4、反対 1、棄権 0" in session["votes"]["ja"]
    assert [d["text"] for d in session["dissents"]] == ["掲示だけでは拒否の機会にならない。"]
    assert [(c["id"], c["state"]["code"], c["overdue"]) for c in content["conditions"]] == [("C1", "open", False)]
    assert [step["after"]["code"] for step in content["course"]["steps"]][-1] == "approved_with_conditions"
    mapped = content["mapping"]["frameworks"]
    assert all("基準日" in each["note"]["ja"] and each["coverage"] for each in mapped if each["mapped"])
    assert content["acceptance"]["by"] is None
    assert "AI倫理委員会" in content["acceptance"]["body"]["ja"]


def test_the_figures_are_those_of_the_frozen_score(made: World) -> None:
    screening_id, _, _ = scenes.decided(made)
    with made.acting("auditor", read_only=True) as work:
        row = work.session.get_one(Screening, screening_id)
        case = read_case(work, row.project, row)
        content = compose(case, IMPRINT)
    assert (content["risk"]["inherent"], content["risk"]["residual"]) == (case.score.inherent, case.score.residual)
    for item, rated in zip(case.score.items, content["risk"]["rated"], strict=True):
        assert rated["control"]["pct"] == shown(item.effectiveness)
        assert (rated["inherent"], rated["residual"], rated["ground"]) == (
            item.inherent,
            item.residual,
            str(item.product),
        )
    asked = [
        q["key"] for part in ("details", "carried", "packs") for group in content[part] for q in group["questions"]
    ]
    triggers = [t["id"] for t in content["triggers"]]
    assert sorted(asked + triggers) == sorted(case.score.asked)


def test_a_case_without_decision_is_a_draft(made: World) -> None:
    content = content_of(made, scenes.case(made, scenes.BOARD, scenes.HIGH))
    assert gaps(content) == []
    assert content["document"]["state"] == "draft"
    assert content["decision"] is content["committee"] is content["acceptance"] is None
    assert content["document"]["approvals"][-1]["on"] is None


def test_an_open_gate_becomes_a_finding(made: World) -> None:
    screening_id = opened(made, registered(made))
    answered(made, screening_id, ratings={"fairness": (3, 3)}, answers={"P3a": "partial"})
    submitted(made, screening_id)
    content = content_of(made, screening_id)
    [finding] = content["findings"]
    assert (finding["questions"], finding["severity"]["code"], finding["due"]) == (["P3a"], "major", "2027-01-29")
    asked = {q["key"]: q for group in content["details"] for q in group["questions"]}
    assert asked["P3a"]["finding"] == "F1"
    assert content["summary"]["top"][0] == {"item": "fairness", "text": "影響の理由", "treatment": "F1"}


def test_revisions_are_compared(made: World) -> None:
    screening_id = scenes.case(made, scenes.BOARD, scenes.HIGH)
    scenes.taken(made, screening_id)
    with made.acting("expert") as work:
        row = work.session.get_one(Screening, screening_id)
        scenes.services.return_to_team(work, row, rev=row.rev, reason="証跡を加えてください。")
    answered(made, screening_id, scenes.BOARD, {"P3b": "done_evidenced"}, ratings=scenes.HIGH)
    submitted(made, screening_id)
    content = content_of(made, screening_id)
    [diff] = content["course"]["diffs"]
    assert (diff["earlier"], diff["later"]) == (1, 2)
    assert [answer["question"] for answer in diff["answers"]] == ["P3b"]
    assert content["document"]["case_revision"] == 2
    assert any(step["note"] == "証跡を加えてください。" for step in content["course"]["steps"])
    assert [e["title"] for e in content["evidence"]] == ["P3bの記録"]


def test_issuing_records_who_why_and_both_digests(made: World, store: FileStore, printed: list[str]) -> None:
    screening_id, _, _ = scenes.decided(made)
    project_id = project_of(made, screening_id)
    report_id = issued(made, store, project_id)
    with made.acting("auditor", read_only=True) as work:
        row = work.session.get_one(Report, report_id)
        assert row.number.startswith("AIG-R1-")
        assert (row.lang, row.is_draft, row.pages, row.purpose) == ("ja", False, 7, "監査部への提出")
        record = store.read(row.record_digest)
        assert json.loads(record)["document"]["number"] == row.number
        assert hashlib.sha256(store.read(row.file_digest)).hexdigest() == row.file_digest
        prepared, done = [e for e in project_events(work.session, project_id) if e.type.startswith("Report")]
        assert (prepared.type, done.type) == ("ReportPrepared", "ReportIssued")
        assert prepared.body["refs"]["record"] == done.body["refs"]["record"] == row.record_digest
        assert done.body["refs"]["file"] == row.file_digest
        assert done.private["purpose"] == "監査部への提出"
        assert "監査部" not in json.dumps(done.body, ensure_ascii=False)
        assert row.record_digest in words(printed[0])
        assert services.matching(work, row.file_digest) == services.matching(work, row.record_digest) == [row]


def test_an_unchanged_report_is_issued_again_and_not_made_again(
    made: World, store: FileStore, printed: list[str]
) -> None:
    screening_id, _, _ = scenes.decided(made)
    project_id = project_of(made, screening_id)
    first = issued(made, store, project_id)
    assert issued(made, store, project_id, by="secretariat", purpose="取締役会") == first
    assert len(printed) == 1
    with made.acting("auditor", read_only=True) as work:
        events = [e for e in project_events(work.session, project_id) if e.type == "ReportIssued"]
    assert [(e.body["codes"]["again"], e.private["purpose"]) for e in events] == [
        (False, "監査部への提出"),
        (True, "取締役会"),
    ]
    other = issued(made, store, project_id, lang="en")
    assert other != first
    assert len(printed) == 2


def test_a_change_of_the_case_gives_a_new_version(made: World, store: FileStore, printed: list[str]) -> None:
    screening_id = scenes.case(made, scenes.BOARD, scenes.HIGH)
    project_id = project_of(made, screening_id)
    first = issued(made, store, project_id)
    scenes.opined(made, screening_id)
    second = issued(made, store, project_id)
    assert first != second
    with made.acting("auditor", read_only=True) as work:
        rows = services.reports(work)
        assert [row.id for row in rows] == [second, first]
        newest = json.loads(store.read(rows[0].record_digest))
    assert newest["document"]["version"] == 2
    assert [v["version"] for v in newest["versions"]] == [1, 2]
    assert "案" in words(printed[0])


def test_a_condition_that_falls_due_is_news(
    made: World, store: FileStore, printed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    screening_id, _, _ = scenes.decided(made)
    with made.acting("auditor", read_only=True) as work:
        due = work.session.query(Condition).one().due_on
        row = work.session.get_one(Screening, screening_id)
        work.now += timedelta(days=(due - work.now.date()).days + 2)
        [condition] = compose(read_case(work, row.project, row), IMPRINT)["conditions"]
    assert condition["overdue"]


def test_only_those_who_may_issue_do(made: World, store: FileStore, printed: list[str]) -> None:
    project_id = project_of(made, scenes.case(made))
    for name in ("auditor", "member", "chair"):
        with pytest.raises(Forbidden):
            issued(made, store, project_id, by=name)
    for name in ("stranger", "ext1", "administrator"):
        with pytest.raises((Forbidden, NotFound)):
            issued(made, store, project_id, by=name)
    assert issued(made, store, project_id, by="owner")
    assert len(printed) == 1


def test_reports_are_read_by_those_who_may_see_the_case(made: World, store: FileStore, printed: list[str]) -> None:
    project_id = project_of(made, scenes.decided(made)[0])
    report_id = issued(made, store, project_id)
    readers = {}
    for name in ROLES:
        with made.acting(name, read_only=True) as work:
            try:
                readers[name] = services.download(work, report_id, store)[0].id == report_id
            except (NotFound, Forbidden):
                readers[name] = False
            assert bool(services.reports(work)) == readers[name], name
    assert readers == {
        **dict.fromkeys(
            (
                "owner",
                "member",
                "approver",
                "expert",
                "expert2",
                "secretariat",
                "legal",
                "auditor",
                "chair",
                "executive",
            ),
            True,
        ),
        **dict.fromkeys(("ext1", "ext2", "ext3", "int1", "int2", "int3"), True),
        **dict.fromkeys(("administrator", "stranger"), False),
    }


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"lang": "fr"}, "reports.lang"),
        ({"purpose": " "}, "reports.purpose"),
        ({"purpose": "長" * 201}, "reports.purpose_long"),
    ],
)
def test_a_request_that_says_too_little_is_refused(
    made: World, store: FileStore, changes: dict[str, str], code: str
) -> None:
    project_id = project_of(made, scenes.case(made))
    with pytest.raises(Refusals) as refused:
        issued(made, store, project_id, **changes)
    assert [problem.code for problem in refused.value.problems] == [code]


def test_nothing_is_reported_before_it_is_submitted(made: World, store: FileStore) -> None:
    project_id = registered(made)
    opened(made, project_id)
    with pytest.raises(Refusal, match="reports.nothing_submitted"):
        issued(made, store, project_id)


def test_a_failing_press_leaves_no_report(made: World, store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def jammed(*_: object, **__: object) -> None:
        raise RuntimeError("jammed")

    monkeypatch.setattr(issuing, "print_report", jammed)
    project_id = project_of(made, scenes.case(made))
    with pytest.raises(RuntimeError, match="jammed"):
        issued(made, store, project_id)
    with made.acting("auditor", read_only=True) as work:
        assert services.reports(work) == []


def test_numbers_run_through_a_year_and_begin_anew() -> None:
    assert next_number(2026, None) == "AIG-R1-2026-0001"
    assert next_number(2026, "AIG-R1-2026-0009") == "AIG-R1-2026-0010"
    assert next_number(2026, "AIG-R1-2026-9999") == "AIG-R1-2026-10000"
    assert next_number(2027, "AIG-R1-2026-0031") == "AIG-R1-2027-0001"
    around = ["AIG-R3-2026-0032", "AIG-R1-2027-0002", "AIG-R1-2026-10031", "AIG-R1-2027-0001"]
    assert (last_of(2026, around), last_of(2027, around), last_of(2028, around)) == (around[2], around[1], None)


def test_the_whole_way_to_the_printed_file(made: World, store: FileStore) -> None:
    """Nothing replaced: the press prints in its own process."""
    project_id = project_of(made, scenes.case(made))
    report_id = issued(made, store, project_id)
    with made.acting("owner", read_only=True) as work:
        row, file = services.download(work, report_id, store)
        assert file.startswith(b"%PDF-1.7")
        assert row.pages > 10
        assert row.size == len(file)
