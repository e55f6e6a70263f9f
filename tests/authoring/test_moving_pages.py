"""The pages of a move: the notice, the plan, the move, the answers to confirm, undoing, and the list of those behind."""

from __future__ import annotations

import re
from html import unescape

import pytest

from governance.questionnaires.conditions import All, Is
from tests.builders import answered, opened, registered
from tests.screenings.test_moving import NEW, published, reworked
from tests.visitor import PASSWORD, Visitor, service


@pytest.fixture
def screening(made) -> str:
    screening_id = opened(made, registered(made))
    answered(made, screening_id, triggers={"T17": "yes"}, answers={"P2c": "done_evidenced"}, rate=(2, 2))
    return screening_id


@pytest.fixture
def app(made, tmp_path):
    return service(made.database, tmp_path)


def visitor(app, name: str) -> Visitor:
    found = Visitor(app)
    found.sign_in(f"{name}@test.example", PASSWORD)
    return found


def test_from_the_notice_to_the_last_confirmed_answer(made, app, screening):
    owner, overview = visitor(app, "owner"), f"/screenings/{screening}"
    assert "新しい版が公開されています" not in owner.get(overview).text
    published(made, reworked)
    assert f'href="{overview}/move"' in owner.get(overview).text
    plan = owner.get(f"{overview}/move").text
    for words in (NEW.ja, "要確認", "P2cへの回答を候補として入れます", "尋ねなくなる", "案件全体"):
        assert words in plan
    assert "The answer to P2c is put in as a suggestion" in owner.get(f"{overview}/move?lang=en").text
    owner.client.delete_cookie("lang")
    rev = plan.split('name="rev" value="')[1].split('"')[0]
    assert owner.post(f"{overview}/move", {"rev": rev}).location.endswith("/confirm")
    page = owner.get(f"{overview}/confirm").text
    assert page.count('name="key"') == 3
    assert "確認を待つ回答が3問あります" in owner.get(overview).text
    member = visitor(app, "member")
    sent = {key: page.split(f'name="{key}-rev" value="')[1].split('"')[0] for key in ("P1b", "P2ca", "P2cb")}
    ticked = {"key": list(sent), **{f"{key}-rev": rev for key, rev in sent.items()}}
    assert member.post(f"{overview}/confirm", ticked).location.endswith(overview)
    assert "確認を待つ回答" not in member.get(overview).text


def test_the_plan_says_what_counts_otherwise_and_leads_to_the_differences(made, app, screening):
    only_if = All(all=[Is.model_validate({"question": "T17", "is": ["yes"]})])

    def changed(question):
        return [each.model_copy(update={"when": only_if} if each.key == "P1z" else {}) for each in reworked(question)]

    published(made, changed)
    owner, path = visitor(app, "owner"), f"/screenings/{screening}/move"
    page = owner.get(path).text
    row = next(each for each in page.split("<tr") if "P3b" in each)
    assert "採点・条件が変わる" in row
    assert re.search(r"重み：(\d+) → (\d+)", row)
    assert "対策の効き" in page
    assert "割合" not in page
    href = unescape(re.search(r'href="(/questionnaires/[^"]+/changes\?from=[^"]+)"', page)[1])
    differences = owner.get(href).text
    assert "90.0版" in differences
    assert "P3b" in differences
    assert "T17が「はい」" in unescape(differences)
    english = owner.get(f"{path}?lang=en").text
    assert "Scored or asked otherwise" in english
    assert "Control effectiveness" in english
    assert re.search(r"weight: \d+ → \d+", english)


def test_the_item_page_asks_for_confirmation_and_takes_it(made, app, screening):
    published(made, reworked)
    owner, path = visitor(app, "owner"), f"/screenings/{screening}"
    owner.post(f"{path}/move", {"rev": owner.get(f"{path}/move").text.split('name="rev" value="')[1].split('"')[0]})
    page = owner.get(f"{path}/items/safety").text
    assert 'name="P1b-confirm"' in page
    rev = page.split('name="P1b-rev" value="')[1].split('"')[0]
    owner.post(f"{path}/items/safety", {"P1b": "done", "P1b-rev": rev})
    assert 'name="P1b-confirm"' in owner.get(f"{path}/items/safety").text
    owner.post(f"{path}/items/safety", {"P1b": "done", "P1b-rev": rev, "P1b-confirm": "1"})
    assert 'name="P1b-confirm"' not in owner.get(f"{path}/items/safety").text


def test_undoing_on_the_page_and_what_others_may(made, app, screening):
    published(made, reworked)
    path = f"/screenings/{screening}/move"
    expert, member = visitor(app, "expert"), visitor(app, "member")
    assert member.post(path, {"rev": "1"}).status_code == 403
    assert "移せるのは、案件の責任者とAI倫理専門チームです" in member.get(path).text
    assert visitor(app, "stranger").get(path).status_code == 404
    expert.post(path, {"rev": expert.get(path).text.split('name="rev" value="')[1].split('"')[0]})
    page = expert.get(path).text
    assert "移行を取り消す" in page
    rev = page.split('name="rev" value="')[1].split('"')[0]
    assert expert.post(f"{path}/undo", {"rev": rev}).status_code == 303
    assert NEW.ja in expert.get(path).text


def test_the_list_names_open_screenings_on_former_versions(made, app, screening):
    expert = visitor(app, "expert")
    assert "すべて最新の版を使っています" in expert.get("/questionnaires/behind").text
    published(made, reworked)
    assert f"/screenings/{screening}/move" in expert.get("/questionnaires/behind").text
    assert visitor(app, "owner").get("/questionnaires/behind").status_code == 403
