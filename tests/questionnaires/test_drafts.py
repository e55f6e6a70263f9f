"""The life of a draft: written by some, published by another, never over what was published meanwhile, and all of it in the ledger."""

from __future__ import annotations

import re

import pytest

from governance.ledger import services as ledger
from governance.ledger.audit import verify_database
from governance.questionnaires import drafts, services
from governance.questionnaires.definition import digest_of
from governance.questionnaires.diff import diff
from governance.questionnaires.models import FrameworkVersion
from governance.refusals import Conflict, Forbidden, NotFound, Refusal, Refusals
from tests.builders import World
from tests.questionnaires.drafting import FAMILY, TOPIC, act, edit, newest, started


def types(made: World) -> list[str]:
    with made.acting(read_only=True) as work:
        return [event.type for event in ledger.events(work.session, limit=20)][::-1]


def test_a_draft_lives_from_a_version_to_the_next(made):
    draft_id = started(made)
    edit(made, draft_id, TOPIC, note="短い題にした")
    act(made, "expert", draft_id, drafts.submit)
    act(made, "expert2", draft_id, drafts.give_back, reason="英語も直してください")
    edit(made, draft_id, ("en: Harm scenarios", "en: Listing harm"))
    act(made, "expert", draft_id, drafts.submit)
    version = act(made, "expert2", draft_id, drafts.publish)
    with made.acting("expert", read_only=True) as work:
        row = drafts.draft(work, draft_id)
        assert (row.state, row.version_id, row.note) == ("published", version.id, "短い題にした")
        assert row.reviewed_by == made.people["expert2"].id
        before = services.parsed_questionnaire(drafts.base_of(work, row).body)
        after = services.parsed_questionnaire(newest(work).body)
        in_force = services.current_questionnaires(work, FAMILY, ["P"])
        assert version.id in {each.id for each in in_force}
    assert digest_of(version.body.encode()) == version.digest
    assert [(each.key, each.field) for each in diff(before, after)] == [("", "version"), ("P1a", "topic")]
    assert after.version == drafts.next_version(before.version)
    assert types(made)[-5:] == [
        "QuestionnaireDrafted",
        "QuestionnaireSubmitted",
        "QuestionnaireReturned",
        "QuestionnaireSubmitted",
        "QuestionnairePublished",
    ]
    assert verify_database(made.database).ok


@pytest.mark.parametrize("who", ["owner", "member", "secretariat", "legal", "auditor", "chair"])
def test_only_experts_and_administrators_write(made, who):
    with pytest.raises(Forbidden):
        started(made, who)


@pytest.mark.parametrize("who", ["owner", "member", "secretariat", "legal", "auditor", "chair"])
def test_only_experts_and_administrators_read_what_is_not_published(made, who):
    draft_id = started(made)
    with made.acting("expert2", read_only=True) as work:
        row = drafts.draft(work, draft_id)
        assert drafts.drafts(work) == [row]
        assert len(drafts.history(work, row)) == 1
    with made.acting(who, read_only=True) as work:
        assert drafts.drafts(work) == []
        with pytest.raises(Forbidden):
            drafts.draft(work, draft_id)
        with pytest.raises(Forbidden):
            drafts.history(work, row)


@pytest.mark.parametrize(
    ("text", "renumbered"),
    [
        ('key: a\nversion: "1.0"  # ours\n', 'key: a\nversion: "2.1"  # ours\n'),
        ('{key: a, version: "1.0", kind: trigger}', '{key: a, version: "2.1", kind: trigger}'),
        ('{"version": "1.0", "key": "版"}', '{"version": "2.1", "key": "版"}'),
        ('title: 題\nversion:\n  "1.0"\n', 'title: 題\nversion:\n  "2.1"\n'),
        ('version: "3.0"\n', 'version: "3.0"\n'),
        ("version: [1]\n", "version: [1]\n"),
        ("key: a\n", "key: a\n"),
    ],
)
def test_a_new_number_leaves_the_rest_of_the_text_alone(text, renumbered):
    assert drafts._renumbered(text, "2.0") == renumbered


def test_no_author_publishes_whoever_submitted(made):
    draft_id = started(made, "expert")
    edit(made, draft_id, TOPIC, who="expert2")
    act(made, "administrator", draft_id, drafts.submit)
    for author in ("expert", "expert2"):
        with pytest.raises(Forbidden) as refused:
            act(made, author, draft_id, drafts.publish)
        assert refused.value.code == "accounts.barred"
        assert "下書き" in refused.value.text.ja
    for other in ("auditor", "owner", "secretariat"):
        with pytest.raises(Forbidden):
            act(made, other, draft_id, drafts.publish)
    act(made, "administrator", draft_id, drafts.publish)


def test_who_saved_a_text_that_was_replaced_is_still_an_author(made):
    draft_id = started(made)
    edit(made, draft_id, TOPIC, who="expert2")
    edit(made, draft_id, TOPIC[::-1])
    act(made, "expert", draft_id, drafts.submit)
    with pytest.raises(Forbidden):
        act(made, "expert2", draft_id, drafts.publish)
    with made.acting(read_only=True) as work:
        codes = ledger.events(work.session, limit=1)[0].body["codes"]
    assert codes["authors"] == sorted(made.people[name].id for name in ("expert", "expert2"))


def test_nobody_publishes_past_a_draft(made):
    with made.acting("administrator") as work:
        document = services.parsed_questionnaire(newest(work).body).model_copy(update={"version": "9.0"})
        with pytest.raises(Forbidden):
            services.publish_questionnaire(work, document)


def test_two_authors_do_not_overwrite_each_other(made):
    draft_id = started(made)
    edit(made, draft_id, TOPIC)
    with pytest.raises(Conflict) as refused:
        act(made, "expert2", draft_id, drafts.save, rev=1, text="key: mine", note="mine")
    assert refused.value.mine == {"text": "key: mine", "note": "mine"}
    assert TOPIC[1] in refused.value.theirs["text"]


@pytest.mark.parametrize("name", ["submit", "publish", "give_back", "discard"])
def test_an_act_on_a_stale_page_is_refused(made, name):
    draft_id = started(made)
    edit(made, draft_id, TOPIC)
    if name in ("publish", "give_back"):
        act(made, "expert", draft_id, drafts.submit)
    reason = {"reason": "x"} if name in ("give_back", "discard") else {}
    with pytest.raises(Conflict):
        act(made, "expert2", draft_id, getattr(drafts, name), rev=1, **reason)


def test_what_is_published_discarded_or_under_review_is_not_written(made):
    draft_id = started(made)
    act(made, "expert", draft_id, drafts.submit)
    with pytest.raises(Refusal, match="questionnaires.is_review"):
        act(made, "expert", draft_id, drafts.save, text="x")
    act(made, "expert2", draft_id, drafts.publish)
    for do, values in ((drafts.save, {"text": "x"}), (drafts.submit, {}), (drafts.discard, {"reason": "x"})):
        with pytest.raises(Refusal, match="questionnaires.is_published"):
            act(made, "expert", draft_id, do, **values)
    other = started(made)
    act(made, "expert", other, drafts.discard, reason="不要になった")
    for do, values in ((drafts.save, {"text": "x"}), (drafts.publish, {}), (drafts.give_back, {"reason": "x"})):
        with pytest.raises(Refusal, match="questionnaires.is_discarded"):
            act(made, "expert2", other, do, **values)


@pytest.mark.parametrize("do", [drafts.give_back, drafts.discard])
def test_a_reason_is_needed(made, do):
    draft_id = started(made)
    act(made, "expert", draft_id, drafts.submit)
    with pytest.raises(Refusal, match="questionnaires.reason"):
        act(made, "expert2", draft_id, do, reason="  ")


def test_an_author_goes_back_to_an_earlier_text(made):
    draft_id = started(made)
    edit(made, draft_id, TOPIC)
    edit(made, draft_id, ("kind: scale", "kind: [broken"), who="expert2")
    with made.acting("expert", read_only=True) as work:
        changes = drafts.history(work, drafts.draft(work, draft_id))
        assert [each.number for each in changes] == [3, 2, 1]
        assert [each.changed_by for each in changes] == [
            made.people[name].id for name in ("expert2", "expert", "expert")
        ]
        wanted, text = changes[1].id, changes[1].text
    row = act(made, "expert", draft_id, drafts.go_back, change_id=wanted)
    assert row.text == text
    with pytest.raises(NotFound):
        act(made, "expert", started(made), drafts.go_back, change_id=wanted)


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("kind: scale", "kind: scal", "seed.literal_error", "kind: scal"),
        ("weight: 3", "wieght: 3", "seed.extra_forbidden", "wieght: 3"),
        ("key: P1b", "key: P1a", "seed.duplicate", None),
        ("key: base-plan", "key: base-plans", "seed.key", "key: base-plans"),
        ("sections:", "sections: [", "seed.yaml", None),
        ("framework: hitachi-ai-ethics", "framework: other", "seed.unknown", "framework: other"),
    ],
)
def test_a_draft_with_mistakes_is_kept_but_not_submitted(made, old, new, code, line):
    draft_id = started(made)
    edit(made, draft_id, (old, new))
    with pytest.raises(Refusals) as refused:
        act(made, "expert", draft_id, drafts.submit)
    found = [each for each in refused.value.problems if each.code == code]
    assert found, refused.value.problems
    with made.acting("expert", read_only=True) as work:
        text = drafts.draft(work, draft_id).text
    if line:
        lines = text.split("\n")
        places = [each.place for each in found]
        assert any(re.fullmatch(r"\d+:\d+", place) and line in lines[int(place.split(":")[0]) - 1] for place in places)


def test_taking_away_a_question_that_the_framework_looks_at_is_refused_and_says_where(made):
    with made.acting("expert") as work:
        document = services.parsed_questionnaire(newest(work).body)
        section = document.sections[0]
        kept = [each for each in section.questions if each.key != "P1c"]
        cut = document.model_copy(
            update={"sections": [section.model_copy(update={"questions": kept}), *document.sections[1:]]}
        )
        result = drafts.checked(work, drafts.written(cut))
    assert result.document == cut
    assert any(each.place == FAMILY and "P1c" in each.text.ja for each in result.problems)


def test_a_number_that_is_not_higher_is_refused(made):
    draft_id = started(made)
    with made.acting(read_only=True) as work:
        number, next_one = newest(work).version, drafts.next_version(newest(work).version)
    edit(made, draft_id, (f'version: "{next_one}"', f'version: "{number}"'))
    with pytest.raises(Refusals) as refused:
        act(made, "expert", draft_id, drafts.submit)
    assert [each.code for each in refused.value.problems] == ["seed.version"]


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b", "x" * 1_000_001])
def test_a_text_that_no_database_keeps_is_refused(made, text):
    draft_id = started(made)
    for field in ("text", "note"):
        with pytest.raises(Refusal) as refused:
            act(made, "expert", draft_id, drafts.save, **{"text": "x", field: text})
        assert refused.value.place == field


def test_a_title_that_is_too_long_is_named(made):
    draft_id = started(made)
    edit(made, draft_id, ("ja: 計画の基本質問", "ja: " + "長" * 301))
    with pytest.raises(Refusals) as refused:
        act(made, "expert", draft_id, drafts.submit)
    assert [each.code for each in refused.value.problems] == ["seed.title"]


def test_a_new_questionnaire_begins_sound_and_small(made):
    with made.acting("expert") as work:
        row = drafts.start(work, None, key="robots")
        result = drafts.checked(work, row.text)
        assert result.problems == []
        assert result.document.key == row.key == "robots"
        for key, code in (
            ("base-plan", "questionnaires.key_taken"),
            ("1x", "questionnaires.key"),
            ("", "questionnaires.key"),
        ):
            with pytest.raises(Refusal, match=re.escape(code)):
                drafts.start(work, None, key=key)
        with pytest.raises(NotFound):
            drafts.start(work, "none")


def test_a_framework_is_drafted_and_published_in_the_same_way(made):
    with made.acting("expert") as work:
        current = services.current_framework(work)
        draft_id = drafts.start(work, current.id).id
    edit(made, draft_id, ("step_down: 1", "step_down: 2"))
    act(made, "expert", draft_id, drafts.submit)
    with pytest.raises(Forbidden):
        act(made, "expert", draft_id, drafts.publish)
    version = act(made, "expert2", draft_id, drafts.publish)
    assert isinstance(version, FrameworkVersion)
    with made.acting(read_only=True) as work:
        assert services.current_framework(work).id == version.id
        assert services.parsed_framework(version.body).scoring.step_down == 2
    assert types(made)[-1] == "FrameworkPublished"
    assert verify_database(made.database).ok


def test_a_framework_that_would_never_be_in_force_is_refused(made):
    with made.acting("expert") as work:
        row = drafts.start(work, services.current_framework(work).id)
        drafts.save(work, row, rev=row.rev, text=re.sub(r'effective_on: "\d+', 'effective_on: "2001', row.text))
        assert [each.code for each in drafts.checked(work, row.text, kind="framework").problems] == [
            "seed.effective_on"
        ]


def test_a_new_framework_begins_sound(made):
    with made.acting("expert") as work:
        row = drafts.start(work, None, key="small", kind="framework")
        assert drafts.checked(work, row.text, kind="framework").problems == []
