"""Acts in the rounds of a KYT session: its dangers, marks, measures and goal.

Each round takes its own lines only, so that a team finishes one before the next; whoever wants to change an earlier one goes back.
"""

from __future__ import annotations

from governance.learning import kyt, rules
from governance.learning.models import KytHazard, KytMeasure, KytSession
from governance.refusals import Refusal, Refusals
from governance.work import UnitOfWork


def add_hazard(work: UnitOfWork, row: KytSession, cause: str, event: str) -> KytHazard:
    """Add a danger of round 1: its cause and the event it leads to. Raises Refusals for one that is half."""
    in_round(work, row, "r1")
    Refusals.raise_any([*kyt.wrong_line(cause, "cause"), *kyt.wrong_line(event, "event")])
    if any((each.cause, each.event) == (cause.strip(), event.strip()) for each in row.hazards):
        raise Refusal("learning.double", "同じ危険がすでにあります。", "This danger is there already.", place="cause")
    _not_many(len(row.hazards))
    made = KytHazard(
        position=kyt.following(row.hazards),
        cause=cause.strip(),
        event=event.strip(),
        mark="none",
        added_by=work.actor.id,
        added_at=work.now,
        measures=[],
    )
    row.hazards.append(made)
    work.session.flush()
    return made


def change_hazard(work: UnitOfWork, row: KytSession, hazard_id: str, cause: str, event: str, *, rev: int) -> None:
    """Write a danger anew, in round 1."""
    in_round(work, row, "r1")
    one = hazard(row, hazard_id)
    work.expect(one, rev, mine={"cause": cause, "event": event}, theirs={"cause": one.cause, "event": one.event})
    Refusals.raise_any([*kyt.wrong_line(cause, "cause"), *kyt.wrong_line(event, "event")])
    one.cause, one.event = cause.strip(), event.strip()
    work.session.flush()


def remove_hazard(work: UnitOfWork, row: KytSession, hazard_id: str) -> None:
    """Take a danger away, in round 1; one that has measures stays, because they would be lost with it."""
    in_round(work, row, "r1")
    one = hazard(row, hazard_id)
    if one.measures:
        raise Refusal(
            "learning.has_measures",
            "この危険には対策が書かれています。先に第3ラウンドで対策を消してください。",
            "This danger has measures; remove them in round 3 first.",
        )
    row.hazards.remove(one)
    work.session.flush()


def mark_hazard(work: UnitOfWork, row: KytSession, hazard_id: str, mark: str) -> None:
    """Mark a danger with ○ or ◎, or take its mark away, in round 2. Its measures stay whatever the mark."""
    in_round(work, row, "r2")
    if mark not in rules.MARKS:
        raise kyt.refusal("mark", "印を選んでください。", "Choose the mark.")
    hazard(row, hazard_id).mark = mark
    work.session.flush()


def add_measure(work: UnitOfWork, row: KytSession, hazard_id: str, text: str) -> KytMeasure:
    """Add a measure to a key danger, in round 3."""
    in_round(work, row, "r3")
    one = hazard(row, hazard_id)
    if one.mark != "key":
        raise kyt.refusal("text", "対策は、◎の危険に対して考えます。", "Measures are for the dangers marked ◎.")
    Refusals.raise_any(kyt.wrong_line(text, "text"))
    if any(each.text == text.strip() for each in one.measures):
        raise Refusal("learning.double", "同じ対策がすでにあります。", "This measure is there already.", place="text")
    _not_many(len(one.measures))
    made = KytMeasure(
        session_id=row.id,
        position=kyt.following(one.measures),
        text=text.strip(),
        mark="none",
        added_by=work.actor.id,
        added_at=work.now,
    )
    one.measures.append(made)
    work.session.flush()
    return made


def change_measure(work: UnitOfWork, row: KytSession, measure_id: str, text: str, *, rev: int) -> None:
    """Write a measure anew, in round 3."""
    in_round(work, row, "r3")
    one = measure(row, measure_id)
    work.expect(one, rev, mine={"text": text}, theirs={"text": one.text})
    Refusals.raise_any(kyt.wrong_line(text, "text"))
    one.text = text.strip()
    work.session.flush()


def remove_measure(work: UnitOfWork, row: KytSession, measure_id: str) -> None:
    """Take a measure away, in round 3."""
    in_round(work, row, "r3")
    one = measure(row, measure_id)
    one.hazard.measures.remove(one)
    work.session.flush()


def mark_measure(work: UnitOfWork, row: KytSession, measure_id: str, mark: str) -> None:
    """Mark a measure with ※ (what will surely be done), or take its mark away, in round 4."""
    in_round(work, row, "r4")
    if mark not in ("none", "key"):
        raise kyt.refusal("mark", "印を選んでください。", "Choose the mark.")
    measure(row, measure_id).mark = mark
    work.session.flush()


def set_goal(work: UnitOfWork, row: KytSession, goal: str, call: str, *, rev: int) -> None:
    """Write the goal of the team and what is pointed at and called (指差し呼称), in round 4."""
    in_round(work, row, "r4")
    work.expect(row, rev, mine={"team_goal": goal}, theirs={"team_goal": row.team_goal})
    Refusals.raise_any([*kyt.wrong_line(goal, "team_goal"), *(kyt.wrong_line(call, "call") if call.strip() else [])])
    row.team_goal, row.call = goal.strip(), call.strip()
    work.session.flush()


def hazard(row: KytSession, hazard_id: str) -> KytHazard:
    """Return a danger of this very session; NotFound otherwise."""
    return kyt.one_of(row.hazards, hazard_id)


def measure(row: KytSession, measure_id: str) -> KytMeasure:
    """Return a measure of this very session; NotFound otherwise."""
    return kyt.one_of([each for one in row.hazards for each in one.measures], measure_id)


def in_round(work: UnitOfWork, row: KytSession, wanted: str) -> None:
    """Refuse whoever takes no part, and a line of another round than the present one."""
    kyt.write_in(work, row)
    if row.state != wanted:
        raise Refusal(
            "learning.round",
            "いまは第{now}ラウンドです。この操作は第{wanted}ラウンドでできます。",
            "The team is in round {now}; this is done in round {wanted}.",
            now=rules.ORDER.index(row.state) + 1,
            wanted=rules.ORDER.index(wanted) + 1,
        )


def _not_many(count: int) -> None:
    if count >= rules.MOST_LINES:
        raise Refusal("learning.many", "{n}件までです。", "At most {n} lines.", n=rules.MOST_LINES, place="cause")
