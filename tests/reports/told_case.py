"""A case with a word of its own in every text that people write, so that a test can look for each of them in a file.

The case goes the whole way through the services: answered, challenged, consulted about, decided by the committee against one voice,
watched since, with approved minutes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from governance.projects.models import Project
from governance.reviews import challenges, conditions, consulting, items, meetings, minutes, questions, services
from governance.reviews.models import Condition, Meeting, Review
from governance.screenings import evidence, filling
from governance.screenings.loading import load
from governance.screenings.models import Screening
from governance.screenings.rules import Entry, RatingEntry
from governance.work import UnitOfWork
from tests.builders import PARTICULARS, World, answered, opened, registered, submitted
from tests.monitoring.scenes import entered, watched
from tests.monitoring.test_standing import reported
from tests.reviews.scenes import (
    BOARD,
    HIGH,
    agenda_item,
    board,
    conditional,
    decide,
    in_session,
    planned,
    row,
    seat,
    taken,
    vote,
    voting,
)


def word(of: str) -> str:
    """Return the word that stands in one text alone."""
    return f"Zq{of}qZ"


def words(of: str) -> tuple[str, ...]:
    """Return the words of several texts."""
    return tuple(map(word, of.split()))


IDENTITY = words("title titleen")
REASONS = (
    *words("remark severity likelihood rationale version verdict indicator incident cause"),
    "特徴量を24時間で消去し、消去の記録を示す",
)
TOLD_TO_EACH_OTHER = words(
    "challenge reply ruling asked advice opinion risks points dissent recusal question given deliberation returned issues"
)
ABOUT = (*words("summary customer subjects unit"), "第2会議室", "Room 2")
EVIDENCE = words("evidence address proof report")
MINUTED = words("opening closing")


@dataclass(frozen=True)
class ToldCase:
    """What was made."""

    project: str
    screening: str
    decision: str
    meeting: str


def told_case(made: World) -> ToldCase:
    """Return the case."""
    project = registered(
        made,
        replace(
            PARTICULARS, name=f"需要予測{word('title')}", name_en=f"Forecast {word('titleen')}", summary=word("summary"),
            customer=word("customer"), end_subjects=word("subjects"), department=word("unit"), system_version=word("version"),
        ),
    )  # fmt: skip
    screening = opened(made, project)
    answered(made, screening, BOARD, ratings=HIGH)
    with made.acting("member") as work:
        _write(work, work.session.get_one(Screening, screening), made.people["owner"].name)
    submitted(made, screening)
    _returned(made, screening)
    review = taken(made, screening)
    _discussed(made, screening, review)
    meeting, decision = _decided(made, screening)
    _watched(made, project)
    return ToldCase(project, screening, decision, meeting)


def _write(work: UnitOfWork, screening: Screening, name: str) -> None:
    stored = load(work.session, screening)
    remark = f"{word('remark')} は {name} と {name.replace(' ', '')} が {word('customer')} に確かめた"
    entry = Entry("P3a", "partial", remark, date(2027, 1, 29), stored.answers["P3a"].rev)
    filling.save_answers(work, screening, [entry])
    rating = RatingEntry("fairness", 3, 3, word("severity"), word("likelihood"), stored.ratings["fairness"].rev)
    filling.save_ratings(work, screening, [rating])
    evidence.add_link(work, screening, "P3a", f"https://wiki.example/{word('address')}", title=word("evidence"))


def _returned(made: World, screening: str) -> None:
    taken(made, screening)
    with made.acting("expert") as work:
        found = row(work, screening)
        services.return_to_team(work, found, rev=found.rev, reason=word("returned"))
    with made.acting("member") as work:
        found = row(work, screening)
        stored = load(work.session, found).answers["P3b"]
        filling.save_answers(work, found, [Entry("P3b", "done", word("remark"), None, stored.rev)])
    submitted(made, screening)


def _discussed(made: World, screening: str, review: str) -> None:
    with made.acting("expert") as work:
        found = row(work, screening)
        one = challenges.raise_challenge(
            work, found, "answer", "P3a", proposed="not_done", reason=word("challenge"), rev=found.rev
        ).id
        asked = consulting.ask(work, found, "legal", question=word("asked")).id
    with made.acting("owner") as work:
        challenges.answer(work, challenges.challenge(work, one), word("reply"), rev=1)
    with made.acting("legal") as work:
        consulting.answer(work, consulting.consultation(work, asked), stance="concern", text=word("advice"))
    with made.acting("expert") as work:
        found = challenges.challenge(work, one)
        challenges.settle(work, found, upheld=True, verdict=word("ruling"), rev=found.rev)
    with made.acting("expert") as work:
        given = work.session.get_one(Review, review)
        services.give_opinion(
            work, given, rev=given.rev, recommendation="approved_with_conditions", opinion=word("opinion"),
            risks=word("risks"), open_points=word("points"),
        )  # fmt: skip


def _decided(made: World, screening: str) -> tuple[str, str]:
    meeting, (item,) = planned(made, board(made), screening)
    in_session(made, meeting)
    with made.acting("ext1") as work:
        asked = questions.ask(work, agenda_item(work, item), word("question")).id
    with made.acting("owner") as work:
        questions.answer(work, agenda_item(work, item), asked, word("given"), rev=1)
    with made.acting("secretariat") as work:
        found = agenda_item(work, item)
        items.recuse(work, found, seat(work, made, "int2"), rev=found.rev, reason=word("recusal"))
        items.note_issues(work, found, word("issues"), rev=found.rev)
    voting(made, item)
    for name in ("chair", "ext1", "ext2", "int1"):
        vote(made, item, name, "against" if name == "ext1" else "for", word("dissent") if name == "ext1" else "")
    decision = decide(made, item, conditional(made, rationale=f"{word('rationale')} Sample ext2"))
    _minuted(made, meeting, item)
    _met(made, decision)
    return meeting, decision


def _minuted(made: World, meeting: str, item: str) -> None:
    with made.acting("secretariat") as work:
        found = work.session.get_one(Meeting, meeting)
        meetings.close_meeting(work, found, rev=found.rev)
        texts = minutes.texts_of(work, found)
        texts |= {"opening": f"{word('opening')} 見本 chair", "items": {item: word("deliberation")}}
        texts["closing"] += word("closing")
        minutes.write(work, found, texts, seen=0)
    for name, office in (("chair", "chair"), ("secretariat", "secretary")):
        with made.acting(name) as work:
            minutes.approve(work, work.session.get_one(Meeting, meeting), office, seen=1)


def _met(made: World, decision: str) -> None:
    def found(work: UnitOfWork) -> Condition:
        return work.session.query(Condition).filter_by(decision_id=decision).one()

    with made.acting("owner") as work:
        proof = conditions.add_link(work, found(work), "https://wiki.example/proof", title=word("proof"))
        one = found(work)
        conditions.report_condition(work, one, rev=one.rev, report=word("report"), evidence_id=proof.id)
    with made.acting("expert2") as work:
        one = found(work)
        conditions.verify_condition(work, one, rev=one.rev, verdict=word("verdict"))


def _watched(made: World, project: str) -> None:
    indicator = watched(made, project, name=word("indicator"))
    entered(made, indicator, (1, "97"))
    reported(made, project, title=word("incident"), cause=word("cause"))
    with made.acting("auditor", read_only=True) as work:
        assert work.session.get_one(Project, project).customer == word("customer")
