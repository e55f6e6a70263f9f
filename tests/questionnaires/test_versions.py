"""Versions come one after the other: numbers grow, of two at once one is refused, and a retired one gives way."""

from __future__ import annotations

import re
import threading

import pytest

from governance.ledger.audit import verify_database
from governance.questionnaires import drafts, services
from governance.questionnaires.definition import Questionnaire, canonical, digest_of
from governance.questionnaires.models import QuestionnaireVersion
from governance.refusals import Forbidden, Refusal, Refusals
from governance.screenings.models import Screening
from governance.work import run
from tests.builders import opened, registered
from tests.questionnaires.drafting import FAMILY, TOPIC, act, edit, newest, published, started


def test_a_screening_keeps_the_version_it_pinned_and_the_next_one_takes_the_new(made):
    project = registered(made)
    first = opened(made, project)
    version = published(made, TOPIC)
    second = opened(made, registered(made))
    with made.acting(read_only=True) as work:
        pins = {id: {pin.questionnaire_id for pin in work.session.get(Screening, id).pins} for id in (first, second)}
    assert version.id not in pins[first]
    assert version.id in pins[second]


def test_two_drafts_of_one_version_do_not_both_become_the_next(made):
    first, second = started(made), started(made)
    edit(made, second, TOPIC)
    for each in (first, second):
        act(made, "expert", each, drafts.submit)
    published_first = act(made, "expert2", first, drafts.publish)
    with pytest.raises(Refusal) as refused:
        act(made, "expert2", second, drafts.publish)
    assert refused.value.code == "questionnaires.published_meanwhile"
    assert "Another version" in refused.value.text.en
    act(made, "expert2", second, drafts.give_back, reason="最新の版に合わせてください")
    row = act(made, "expert", second, drafts.rebase)
    assert row.based_on == published_first.id
    assert TOPIC[1] in row.text
    act(made, "expert", second, drafts.submit)
    version = act(made, "expert2", second, drafts.publish)
    assert version.version == drafts.next_version(published_first.version)


@pytest.mark.parametrize(("version", "following"), [("1.0", "1.1"), ("1.9", "1.10"), ("3", "4"), ("1.0.9", "1.0.10")])
def test_the_next_number(version, following):
    assert drafts.next_version(version) == following
    assert services.version_order(following) > services.version_order(version)


def test_numbers_are_compared_as_numbers():
    assert services.version_order("1.10") > services.version_order("1.9")
    assert services.version_order("1") == services.version_order("1.0.0")


def test_a_retired_version_gives_way_to_the_one_before(made):
    with made.acting(read_only=True) as work:
        first = newest(work).id
    second = published(made, TOPIC)
    with pytest.raises(Forbidden), made.acting("expert") as work:
        drafts.retire(work, services.version(work, second.id), reason="書いた本人")
    with made.acting("expert2") as work:
        row = services.version(work, second.id)
        with pytest.raises(Refusal, match="questionnaires.reason"):
            drafts.retire(work, row, reason=" ")
        drafts.retire(work, row, reason="誤りがあった")
    with made.acting("expert2") as work:
        assert first in {each.id for each in services.current_questionnaires(work, FAMILY, ["P"])}
        assert set(services.retirements(work)) == {second.id}
        with pytest.raises(Refusal, match="questionnaires.retired"):
            drafts.retire(work, services.version(work, second.id), reason="もう一度")
    third = started(made)
    act(made, "expert", third, drafts.rebase)
    act(made, "expert", third, drafts.submit)
    version = act(made, "expert2", third, drafts.publish)
    assert services.version_order(version.version) > services.version_order(second.version)
    assert verify_database(made.database).ok


def test_the_last_version_of_what_the_framework_needs_is_not_retired(made):
    with pytest.raises(Refusals) as refused, made.acting("expert") as work:
        drafts.retire(work, newest(work), reason="不要")
    assert all(each.text.ja and each.text.en for each in refused.value.problems)
    with made.acting(read_only=True) as work:
        assert services.retirements(work) == {}


def test_a_seed_stays_published_when_the_vocabulary_gains_a_field(made):
    """What was stored before has no word for the new field; read again, it is at its default."""
    with made.acting() as work:
        document = services.parsed_questionnaire(newest(work).body)
        older = re.sub(r'"max_rows":20,', "", canonical(document).decode())
        again = Questionnaire.model_validate_json(older.replace('"key":"base-plan"', '"key":"older-plan"'))
        body = canonical(again).decode().replace('"max_rows":20,', "")
        row = QuestionnaireVersion(
            key=again.key, version=again.version, kind=again.kind, framework_key="archive", phase=again.phase,
            title_ja="x", title_en="x", body=body, digest=digest_of(body.encode()), published_at=work.now,
        )  # fmt: skip
        work.session.add(row)
        work.session.flush()
        work.record("QuestionnairePublished", subject=("questionnaire", row.id))
        assert services.publish_questionnaire(work, again) is None
        with pytest.raises(Refusal, match="questionnaires.immutable"):
            services.publish_questionnaire(work, again.model_copy(update={"phase": "D"}))


def test_of_two_publications_at_the_same_moment_one_is_refused(made):
    """Both see the same newest version until one has committed (PostgreSQL reads what is committed; SQLite has one writer)."""
    ids = [started(made), started(made)]
    for each in ids:
        act(made, "expert", each, drafts.submit)
    ready, outcomes = threading.Barrier(2), []

    def publish(draft_id):
        def doing(work):
            row = drafts.draft(work, draft_id)
            return drafts.publish(work, row, rev=row.rev).version

        ready.wait()
        try:
            outcomes.append(run(made.database, made.actor("expert2"), doing, at=made.now))
        except Refusal as refusal:
            outcomes.append(refusal.code)

    threads = [threading.Thread(target=publish, args=(each,)) for each in ids]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert "questionnaires.published_meanwhile" in outcomes
    assert len(set(outcomes)) == 2
    assert verify_database(made.database).ok
