"""The pages that show the work, as people in different offices see them."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import text

from governance.insight.services import PAGE
from governance.paths import SEEDS
from tests.builders import PARTICULARS, World, answered, documents, opened, registered
from tests.reviews import scenes
from tests.reviews.browsing import Browsers, browsers
from tests.visitor import Visitor


@pytest.fixture
def browse(made: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Browsers:
    return browsers(made, tmp_path, monkeypatch)


def shown(visitor: Visitor, path: str, code: int = 200) -> str:
    """Return the text of the main part of a page, without markup."""
    answer = visitor.get(path)
    assert answer.status_code == code, answer.text
    main = answer.text[answer.text.index("<main") : answer.text.index("</main>")]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def links(visitor: Visitor, path: str) -> list[str]:
    return re.findall(r'href="(/[^"#]*)"', visitor.get(path).text)


# --- home ------------------------------------------------------------------------------------------------------------


def test_the_home_page_opens_with_the_next_step(made: World, browse: Browsers) -> None:
    project_id = registered(made)
    screening_id = opened(made, project_id)
    home = shown(browse("owner"), "/")
    assert home.index("次にすること") < home.index("判定シートに答える") < home.index("あなたの案件")
    assert "対応が必要なものは1件です。" in home
    assert f"/screenings/{screening_id}/triggers" in links(browse("owner"), "/")


def test_every_link_of_the_home_page_leads_somewhere(made: World, browse: Browsers) -> None:
    scenes.decided(made)
    scenes.case(made, ratings=scenes.MEDIUM)
    for name in ("owner", "approver", "expert", "secretariat", "legal", "auditor", "administrator", "chair", "ext1"):
        for path in {path for path in links(browse(name), "/") if not path.startswith("/static")}:
            assert browse(name).get(path).status_code == 200, (name, path)


def test_who_has_nothing_to_do_is_told_so_and_sees_the_pages_of_the_office(made: World, browse: Browsers) -> None:
    home = shown(browse("auditor"), "/")
    assert "いま対応が必要なものはありません。" in home
    assert "監査台帳を見る・検証する" in home
    assert "利用者と役割" in shown(browse("administrator"), "/")


def test_the_home_page_is_complete_in_english(made: World, browse: Browsers) -> None:
    scenes.decided(made)
    home = shown(browse("secretariat"), "/?lang=en") + shown(browse("owner"), "/?lang=en")
    assert "Waiting for you" in home
    assert not re.search(r"[ぁ-ん]", home.replace("特徴量を24時間で消去し、消去の記録を示す", ""))


# --- register --------------------------------------------------------------------------------------------------------


def test_the_register_shows_what_one_may_see_and_nothing_else(made: World, browse: Browsers) -> None:
    registered(made)
    assert "架空の需要予測AI" in shown(browse("owner"), "/projects")
    assert "架空の需要予測AI" in shown(browse("auditor"), "/projects")
    assert "閲覧できる案件はまだありません。" in shown(browse("stranger"), "/projects")


def test_the_register_is_narrowed_by_words_and_filters(made: World, browse: Browsers) -> None:
    answered(made, opened(made, registered(made)))
    words = ("q=需要", "q=AIG-2026", "q=見本商事+架空")
    codes = ("state=draft", "phase=P", "route=light", "level=1", "sector=industry", "level=zero&page=many", "page=99")
    for query in (*words, *codes):
        assert "架空の需要予測AI" in shown(browse("owner"), f"/projects?{query}"), query
    for query in ("q=%25", "q=ない言葉", "state=none", "state=expired", "phase=D", "level=4", "sector=x"):
        page = shown(browse("owner"), f"/projects?{query}")
        assert "架空の需要予測AI" not in page, query
        assert "条件に合う案件はありません。" in page


def test_the_register_has_pages(made: World, browse: Browsers) -> None:
    for number in range(PAGE + 1):
        registered(made, replace(PARTICULARS, name=f"案件その{number:02}"))
    assert f"{PAGE + 1}件中 1–{PAGE}件" in shown(browse("owner"), "/projects?sector=industry")
    second = next(path for path in links(browse("owner"), "/projects?sector=industry") if "page=2" in path)
    assert f"{PAGE + 1}–{PAGE + 1}件" in shown(browse("owner"), unescape(second))
    assert "sector=industry" in second


# --- one case --------------------------------------------------------------------------------------------------------


def test_a_new_case_offers_its_first_screening_to_the_team_alone(made: World, browse: Browsers) -> None:
    path = f"/projects/{registered(made)}"
    assert "最初のスクリーニングを始める" in shown(browse("member"), path)
    assert f'action="{path}/screenings"' in browse("member").get(path).text
    assert "スクリーニングはまだ始まっていません" in shown(browse("auditor"), path)
    assert f'action="{path}/screenings"' not in browse("auditor").get(path).text
    shown(browse("stranger"), path, 404)


def test_the_case_page_tells_the_whole_story(made: World, browse: Browsers) -> None:
    screening_id, _, _ = scenes.decided(made)
    with made.acting("auditor", read_only=True) as work:
        path = f"/projects/{scenes.row(work, screening_id).project_id}"
    page = shown(browse("owner"), path)
    for words in (
        "条件 C-1",
        "関門1 開",
        "関門2 閉",
        "条件付承認",
        "特徴量を24時間で消去",
        "審査結果の記録（第1版、条件付承認）",
        "見本 expert",
    ):
        assert words in page
    assert "投票" not in page.split("経緯")[1]
    assert "#" not in page.split("経緯")[1].split("案件の概要")[0]
    assert "/ledger/" in browse("auditor").get(path).text
    assert "承認は" in shown(browse("expert2"), path)


def test_a_stopped_case_says_why_and_who_is_next(made: World, browse: Browsers) -> None:
    screening_id = scenes.case(made, {"T01": "yes"})
    with made.acting("auditor", read_only=True) as work:
        path = f"/projects/{scenes.row(work, screening_id).project_id}"
    page = shown(browse("owner"), path)
    assert "停止事由があるため、審査は止まっています" in page
    assert "H1" in page
    assert "停止事由を確かめる" in shown(browse("legal"), path)


# --- framework, questionnaires ---------------------------------------------------------------------------------------


def test_the_documents_in_force_can_be_read_by_everybody(made: World, browse: Browsers) -> None:
    page = shown(browse("member"), "/questionnaires")
    assert "計画の基本質問" in page
    assert "適用中" in page
    found = [
        path for path in links(browse("member"), "/questionnaires") if re.match(r"/(questionnaires|frameworks)/", path)
    ]
    assert len(set(found)) == 1 + len(documents(SEEDS)[1])
    for path in set(found):
        for lang in ("ja", "en"):
            assert len(shown(browse("member"), f"{path}?lang={lang}")) > 500
    shown(browse("member"), "/questionnaires/none?lang=ja", 404)


def test_a_framework_is_said_in_words(made: World, browse: Browsers) -> None:
    path = next(path for path in links(browse("member"), "/questionnaires") if path.startswith("/frameworks/"))
    page = shown(browse("member"), path)
    for words in (
        "影響と起こりやすさ",
        "T02が「はい」または「分からない」",
        "H1",
        "外部委員の割合（超）",
        "「承認」には理由の記録が必要",
    ):
        assert words in page


# --- ledger ----------------------------------------------------------------------------------------------------------


def test_the_ledger_lists_and_narrows_its_entries(made: World, browse: Browsers) -> None:
    registered(made)
    auditor = browse("auditor")
    assert "案件の登録（AIG-2026-001）" in shown(auditor, "/ledger")
    assert "案件の登録" not in shown(auditor, "/ledger?type=MemberJoined").split("日時")[1]
    assert "案件メンバーの参加" in shown(auditor, "/ledger?project=aig-2026-001")
    assert "条件に合う記録はありません。" in shown(auditor, "/ledger?project=AIG-1999-001")
    assert "条件に合う記録はありません。" in shown(auditor, "/ledger?type=Nothing")
    shown(browse("owner"), "/ledger", 403)


def test_a_long_ledger_is_read_page_by_page(made: World, browse: Browsers) -> None:
    for _ in range(20):
        registered(made)
    auditor = browse("auditor")
    older = next(path for path in links(auditor, "/ledger") if "before=" in path)
    first, second = shown(auditor, "/ledger"), shown(auditor, unescape(older))
    numbers = [set(re.findall(r"#(\d+)", page)) for page in (first, second)]
    assert numbers[0]
    assert not numbers[0] & numbers[1]


def test_an_entry_shows_its_body_and_the_texts_only_to_who_may_see_the_project(made: World, browse: Browsers) -> None:
    registered(made)
    path = next(p for p in links(browse("auditor"), "/ledger?type=ProjectRegistered") if re.match(r"/ledger/\d", p))
    assert "架空の需要予測AI" in shown(browse("auditor"), path)
    keeper = shown(browse("administrator"), path)
    assert "架空の需要予測AI" not in keeper
    assert "その案件を閲覧できる人だけ" in keeper
    assert '"type": "ProjectRegistered"' in keeper
    shown(browse("auditor"), "/ledger/999999", 404)


def test_the_ledger_is_verified_at_the_press_of_a_button(made: World, browse: Browsers) -> None:
    auditor = browse("auditor")
    auditor.get("/ledger")
    assert "監査台帳は完全です" in auditor.post("/ledger/verify").text
    with made.database.engine.begin() as connection:
        if made.database.dialect == "sqlite":
            for name in connection.execute(text("SELECT name FROM sqlite_master WHERE type='trigger'")).scalars().all():
                connection.execute(text(f'DROP TRIGGER "{name}"'))
        else:
            connection.execute(text("ALTER TABLE ledger_event DISABLE TRIGGER USER"))
        connection.execute(text("UPDATE ledger_event SET type = 'AccountCreated' WHERE seq = 1"))
    broken = auditor.post("/ledger/verify")
    assert "件の矛盾があります" in broken.text
    assert 'href="/ledger/1"' in broken.text
    assert browse("owner").post("/ledger/verify").status_code == 403
