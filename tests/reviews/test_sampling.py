"""The sample of light cases: drawn by calculation, looked at by unbound experts, with its result, figures and a share that is data."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.refusals import Forbidden, NotFound, Refusal
from governance.reviews import sampling, services
from governance.reviews.decisions import Verdict
from governance.reviews.rules import local_date
from governance.screenings.models import Screening
from tests.builders import World
from tests.reviews.browsing import browsers, send
from tests.reviews.scenes import case, row, state

NOTE = "経路の判定と証跡を見直した。"


def approved(made: World) -> str:
    """Return a light case that the department head approved."""
    screening_id = case(made)
    with made.acting("approver") as work:
        screening = row(work, screening_id)
        services.decide_without_board(work, screening, Verdict("approved", "残る影響は小さい。"), rev=screening.rev)
    return screening_id


def share(made: World, percent: int, on: date | None = None) -> None:
    with made.acting("expert") as work:
        sampling.set_share(work, percent, effective_on=on or local_date(work.now), reason="試行")


def decision_of(made: World, screening_id: str) -> str:
    with made.acting("expert", read_only=True) as work:
        (found,) = [each for each in sampling.drawn(work) if each.decision.screening_id == screening_id]
        return found.decision.id


def checked(made: World, decision_id: str, result: str, by: str = "expert", **more: object) -> None:
    with made.acting(by) as work:
        sampling.record_result(work, decision_id, result, note=NOTE, **more)  # type: ignore[arg-type]


@given(st.uuids(), st.integers(1, 9), st.integers(0, 100), st.integers(0, 100))
def test_a_draw_can_be_repeated_and_grows_with_the_share(id: UUID, revision: int, low: int, high: int) -> None:
    first, second = sorted((low, high))
    assert sampling.is_drawn(str(id), revision, first) <= sampling.is_drawn(str(id), revision, second)
    assert not sampling.is_drawn(str(id), revision, 0)
    assert sampling.is_drawn(str(id), revision, 100)


def test_about_the_share_is_drawn() -> None:
    hits = sum(sampling.is_drawn(f"screening-{n}", 1, 20) for n in range(5000))
    assert 900 < hits < 1100


def test_the_share_is_data_with_a_day_and_a_reason(made: World) -> None:
    with made.acting("expert", read_only=True) as work:
        assert sampling.share_on(sampling.shares(work), local_date(work.now)) == sampling.FIRST_SHARE
    share(made, 100, local_date(made.now) + timedelta(days=7))
    with made.acting("expert", read_only=True) as work:
        held, today = sampling.shares(work), local_date(work.now)
        assert sampling.share_on(held, today) == sampling.FIRST_SHARE
        assert sampling.share_on(held, today + timedelta(days=7)) == 100
    with pytest.raises(Refusal, match="effective_on"):
        share(made, 50)  # before a change that is set already
    with pytest.raises(Refusal, match="percent"):
        share(made, 101, local_date(made.now) + timedelta(days=8))
    with made.acting("secretariat") as work, pytest.raises(Forbidden):
        sampling.set_share(work, 10, effective_on=local_date(work.now), reason="試行")


def test_a_drawn_case_waits_until_somebody_agrees(made: World) -> None:
    share(made, 100)
    screening_id = approved(made)
    decision_id = decision_of(made, screening_id)
    with made.acting("expert", read_only=True) as work:
        assert sampling.waiting_count(work) == 1
    checked(made, decision_id, "agree")
    with pytest.raises(Refusal, match="sampled"):
        checked(made, decision_id, "agree", by="expert2")
    with made.acting("expert", read_only=True) as work:
        assert sampling.waiting_count(work) == 0
        found = sampling.statistics(work, sampling.this_year(work.now))
        assert (found.decided, found.drawn, found.checked, found.agreed, found.override_percent) == (1, 1, 1, 1, 0)


def test_a_case_that_should_have_gone_higher_is_opened_anew_and_counts_as_an_override(made: World) -> None:
    share(made, 100)
    screening_id = approved(made)
    decision_id = decision_of(made, screening_id)
    with pytest.raises(Refusal, match="reasons"):
        checked(made, decision_id, "higher")
    checked(made, decision_id, "higher", reasons=["use"])
    assert state(made, screening_id) == "approved"
    with made.acting("expert", read_only=True) as work:
        (found,) = sampling.drawn(work)
        assert found.sample is not None
        again = work.session.get_one(Screening, found.sample.reopened_id)
        assert (again.state, again.phase, again.sequence) == ("draft", "P", 2)
        assert sampling.statistics(work).override_percent == 100


def test_nothing_is_drawn_at_no_share_and_what_was_not_drawn_is_not_recorded(made: World) -> None:
    share(made, 0)
    approved(made)
    with made.acting("expert", read_only=True) as work:
        assert sampling.drawn(work) == []
        decided = sampling.statistics(work)
        assert (decided.decided, decided.drawn, decided.override_percent) == (1, 0, None)
    with pytest.raises(NotFound):
        checked(made, "nothing", "agree")


@pytest.mark.parametrize("by", ["approver", "owner", "secretariat", "auditor", "legal"])
def test_only_unbound_experts_look_again(made: World, by: str) -> None:
    share(made, 100)
    decision_id = decision_of(made, approved(made))
    with pytest.raises((Forbidden, NotFound)):
        checked(made, decision_id, "agree", by=by)


def test_the_page_of_the_sample(made: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    share(made, 100)
    screening_id = approved(made)
    decision_id = decision_of(made, screening_id)
    expert = browsers(made, tmp_path, monkeypatch)("expert")
    assert "抜き取り確認（1件）" in expert.get("/reviews").text
    page = "/reviews/sampling"
    assert send(expert, page, f"/{decision_id}", {"result": "higher", "note": NOTE}).status_code == 422
    assert send(expert, page, f"/{decision_id}", {"result": "agree", "note": NOTE}).status_code == 303
    assert NOTE in expert.get(page).text
    later = (local_date(made.now) + timedelta(days=30)).isoformat()
    given = {"percent": "30", "effective_on": "いつか", "share_reason": "件数が増えたため"}
    assert send(expert, page, "/share", given).status_code == 422
    assert send(expert, page, "/share", given | {"effective_on": later}).status_code == 303
    assert "30%" in expert.get(page).text
    assert browsers(made, tmp_path, monkeypatch)("owner").get(page).status_code == 403
