"""Conditions through their pages: each person sees what is theirs to do, reports with evidence, verifies or sends back."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from governance.projects.models import Evidence
from governance.reviews.models import Condition
from tests.builders import World
from tests.reviews.browsing import Browsers, browsers, forms, send
from tests.reviews.scenes import decided

REPORT = {
    "report": "11月に消去の仕組みを入れ、記録で確かめた。",
    "url": "https://wiki.example/erased",
    "title": "消去の記録",
}


@pytest.fixture
def open_for(made: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Browsers:
    return browsers(made, tmp_path, monkeypatch)


def the_one(made: World) -> tuple[str, str]:
    """Return the path and the state of the condition."""
    with made.acting("auditor", read_only=True) as work:
        row = work.session.scalars(select(Condition)).one()
        return f"/conditions/{row.id}", row.state


def settled(made: World) -> str:
    return the_one(made)[1]


def refused(answer: TestResponse, *sentences: str) -> None:
    assert answer.status_code == 422, answer.text
    for sentence in sentences:
        assert sentence in answer.text


def test_a_condition_goes_from_its_owner_to_its_verifier_and_back(made: World, open_for: Browsers) -> None:
    decided(made)
    path, _ = the_one(made)
    owner, verifier = open_for("owner"), open_for("expert2")
    assert "の証跡を提出する" in owner.get("/conditions").text
    assert "いま、あなたがすることはありません" in verifier.get("/conditions").text
    assert send(owner, path, "/report", REPORT).status_code == 303
    assert settled(made) == "submitted"
    assert "の報告を確かめる" in verifier.get("/conditions").text
    refused(send(verifier, path, "/verdict", {"act": "reject"}), "内容を書いてください。")
    assert send(verifier, path, "/verdict", {"act": "reject", "verdict": "日付がない。"}).status_code == 303
    again = owner.get(path).text
    assert "日付がない。" in again
    assert REPORT["report"] in again
    assert send(owner, path, "/report", REPORT | {"report": "11月18日に確かめた。"}).status_code == 303
    assert send(verifier, path, "/verdict", {"act": "verify", "verdict": "記録を確かめた。"}).status_code == 303
    assert settled(made) == "verified"
    assert "この条件は完了しています" in owner.get(path).text


def test_only_the_act_that_is_mine_is_offered(made: World, open_for: Browsers) -> None:
    decided(made)
    path, _ = the_one(made)
    offered = {
        name: {form.rpartition("/")[2] for form in forms(open_for(name).get(path)) if form.startswith(path)}
        for name in ("owner", "expert2", "expert", "auditor", "secretariat")
    }
    assert offered == {
        "owner": {"report"},
        "expert2": set(),
        "expert": set(),
        "auditor": set(),
        "secretariat": set(),
    }
    assert open_for("expert").post(f"{path}/report", REPORT).status_code == 403
    assert open_for("owner").post(f"{path}/verdict", {"act": "verify", "verdict": "自分で確認"}).status_code in (
        403,
        409,
    )
    assert open_for("stranger").get(path).status_code == 404
    assert settled(made) == "open"


def test_a_report_needs_evidence_and_keeps_what_was_written(made: World, open_for: Browsers) -> None:
    decided(made)
    path, _ = the_one(made)
    owner = open_for("owner")
    refused(
        send(owner, path, "/report", {"report": REPORT["report"]}),
        "証跡のファイルかリンクを付けてください。",
        REPORT["report"],
    )
    refused(send(owner, path, "/report", REPORT | {"report": " "}), "内容を書いてください。", REPORT["url"])
    refused(send(owner, path, "/report", REPORT | {"url": "javascript:alert(1)"}), REPORT["report"])
    with made.acting("auditor", read_only=True) as work:
        assert work.session.scalars(select(Evidence)).all() == []
    assert settled(made) == "open"


def test_a_file_is_kept_by_its_digest_and_a_wrong_one_refused(made: World, open_for: Browsers) -> None:
    decided(made)
    path, _ = the_one(made)
    owner = open_for("owner")
    form = {"report": REPORT["report"], "title": ""}
    refused(
        send(owner, path, "/report", form | {"file": (BytesIO(b"<svg/>"), "x.svg")}),
        "受け付けられない種類",
        REPORT["report"],
    )  # type: ignore[dict-item]
    given = form | {"file": (BytesIO("消去の記録".encode()), "消去記録.txt")}
    assert send(owner, path, "/report", given).status_code == 303  # type: ignore[arg-type]
    shown = open_for("expert2").get(path).text
    assert "消去記録.txt" in shown
    assert "SHA-256" in shown


def test_a_report_sent_twice_or_from_a_stale_page_is_not_repeated(made: World, open_for: Browsers) -> None:
    decided(made)
    path, _ = the_one(made)
    owner = open_for("owner")
    fields = forms(owner.get(path))[f"{path}/report"] | REPORT
    assert owner.post(f"{path}/report", fields).status_code == 303
    assert owner.post(f"{path}/report", fields).status_code == 303
    refused(owner.post(f"{path}/report", fields | {"once": "another"}), "「確認待ち」のため")
    with made.acting("auditor", read_only=True) as work:
        assert len(work.session.scalars(select(Evidence)).all()) == 1


def test_what_is_late_comes_first_and_says_when_the_case_is_suspended(made: World, open_for: Browsers) -> None:
    decided(made)
    made.now += timedelta(days=100)
    shown = open_for("owner").get("/conditions").text
    assert "10日超過" in shown
    assert "期限超過" in shown
    assert "一時停止になります" in shown
    assert "当てはまる条件はありません。" in open_for("auditor").get("/conditions?state=settled").text
    assert "10 days late" in open_for("owner").get("/conditions?lang=en&scope=all&state=late").text


def test_only_what_the_reader_may_open_is_a_link(made: World, open_for: Browsers) -> None:
    decided(made)
    path, _ = the_one(made)
    with made.acting("secretariat") as work:
        row = work.session.scalars(select(Condition)).one()
        row.verifier_id, project = made.people["stranger"].id, row.decision.screening.project_id
        work.record("ConditionSet", subject=("condition", row.id))
    for name, item, case in (("secretariat", True, True), ("owner", False, True), ("stranger", False, False)):
        shown = open_for(name).get(path).text
        assert "AI倫理委員会 第1回 議題1" in shown
        assert ('href="/meetings/' in shown, f'href="/projects/{project}"' in shown) == (item, case), name


def test_a_verifier_from_outside_reads_the_evidence_of_the_condition_and_nothing_else(
    made: World, open_for: Browsers
) -> None:
    decided(made)
    path, _ = the_one(made)
    with made.acting("secretariat") as work:
        row = work.session.scalars(select(Condition)).one()
        row.verifier_id, project = made.people["stranger"].id, row.decision.screening.project_id
        work.record("ConditionSet", subject=("condition", row.id))
    given = {"report": REPORT["report"], "title": "", "file": (BytesIO("消去の記録".encode()), "消去記録.txt")}
    assert send(open_for("owner"), path, "/report", given).status_code == 303  # type: ignore[arg-type]
    with made.acting("auditor", read_only=True) as work:
        named = work.session.scalars(select(Condition.evidence_id)).one()
    verifier = open_for("stranger")
    assert f'href="{path}/evidence"' in verifier.get(path).text
    answer = verifier.get(f"{path}/evidence")
    assert (answer.status_code, answer.text) == (200, "消去の記録")
    assert "attachment" in answer.headers["Content-Disposition"]
    for closed in (f"/evidence/{named}", f"/projects/{project}/evidence", f"/projects/{project}/evidence/{named}"):
        assert verifier.get(closed).status_code in (403, 404), closed
    assert open_for("owner").get(f"{path}/evidence").status_code == 200
    assert open_for("member").get(f"{path}/evidence").status_code == 200
    with made.acting("secretariat") as work:
        row = work.session.scalars(select(Condition)).one()
        row.verifier_id, row.owner_id, row.state = made.people["expert2"].id, made.people["stranger"].id, "rejected"
        work.record("ConditionSet", subject=("condition", row.id))
    assert verifier.get(f"{path}/evidence").status_code == 404, "an owner from outside who did not add it"
    assert "消去記録.txt</option>" not in verifier.get(path).text
    refused(
        send(verifier, path, "/report", {"report": "済", "evidence_id": str(named)}), "この案件の証跡を選んでください。"
    )
