"""Vectors of submitted screenings: kept at every snapshot, equal to what the snapshot itself gives, and scored as the screening was."""

from __future__ import annotations

from sqlalchemy import delete, select

from governance.reviews import services as reviews
from governance.reviews.models import Review
from governance.screenings import past, services
from governance.screenings.models import AnswerVector, Screening, Snapshot
from governance.screenings.rescoring import Scorer
from governance.screenings.vectors import ACCEPTED, Layout
from tests.builders import World, answered, opened, registered, submitted
from tests.reviews.scenes import taken


def filled_in(made: World, **answers) -> str:
    screening_id = opened(made, registered(made))
    answered(made, screening_id, **answers)
    submitted(made, screening_id)
    return screening_id


def every(session, after: str = "", limit: int = 100):
    return list(past.past(session, after, limit))


def test_submitting_keeps_a_vector_that_scores_as_the_screening(made):
    ids = [
        filled_in(made),
        filled_in(made, triggers={"T02": "yes", "T10": "unknown"}, default="done_evidenced", rate=(3, 3)),
        filled_in(made, triggers={"T03": "yes", "T03a": "no"}, answers={"P1b": "partial"}, rate=(2, 2)),
    ]
    with made.acting("expert", read_only=True) as work:
        found = every(work.session)
        assert [each[0] for each in found] == sorted(ids)
        assert past.count(work.session) == 3
        for id, digest, vector in found:
            layout, row = past.layout_of(work.session, digest), work.session.get(Screening, id)
            assert tuple(Scorer(layout.sheet, layout).levels(vector)) == (row.inherent, row.residual, row.route)


def test_a_missing_vector_is_made_from_the_snapshot(made):
    id = filled_in(made, triggers={"T02": "yes"}, answers={"P2b": "partial", "P2c": "not_applicable"}, rate=(2, 2))
    with made.acting() as work:
        [(_, digest, kept)] = every(work.session)
        layout = past.layout_of(work.session, digest)
        work.session.execute(delete(AnswerVector))
        work.session.expire_all()
        [(again, other, made_anew)] = every(work.session)
    assert (again, made_anew) == (id, kept)
    assert isinstance(other, Layout)
    assert list(other.places) == list(layout.places)


def test_rulings_of_the_check_are_in_the_vector(made):
    id = filled_in(made, triggers={"T10": "yes"}, answers={"P2c": "not_applicable"}, rate=(2, 2))
    review = taken(made, id)
    with made.acting("expert") as work:
        row = work.session.get(Screening, id)
        reviews.rule_not_applicable(work, row, "P2c", rev=row.rev, accepted=True, reason="対象がない")
        given = work.session.get(Review, review)
        opinion = {"recommendation": "approved", "opinion": "実施できる。"}
        reviews.give_opinion(work, given, rev=given.rev, **opinion)
    with made.acting("expert", read_only=True) as work:
        layout, vector = past.one(work.session, id)
        assert layout.marked(vector, ACCEPTED) == {"P2c"}
        assert past.of_snapshot(work.session, past.newest(work.session, id))[1] == vector


def test_pages_of_past_screenings_follow_each_other(made):
    ids = sorted(filled_in(made) for _ in range(3))
    with made.acting("expert", read_only=True) as work:
        first = every(work.session, limit=2)
        assert [each[0] for each in first] == ids[:2]
        assert [each[0] for each in every(work.session, first[-1][0], 2)] == ids[2:]
        assert services.screening(work, ids[0]).id == ids[0]
        assert len(list(work.session.scalars(select(Snapshot)))) == 3
