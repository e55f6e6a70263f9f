"""What re-scoring costs: a changed questionnaire tried on many submitted screenings (performance.md P11).

Run `python -m bench.backtest [screenings] [of them with single answers]`. The bare loop reads the same answers row by row with the driver
itself and does nothing with them; ours reads coded answers through the service and scores them. Both run in turn on one database with the
settings of the service. Times are of the processor, in one thread.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from sqlalchemy.orm import Session

from governance.authoring.backtest import PAGE, Tally, Trial, advance
from governance.paths import SEEDS
from governance.questionnaires.definition import Questionnaire
from governance.questionnaires.services import current_framework, current_questionnaires, seed
from governance.screenings import past
from governance.screenings.rescoring import Scorer
from governance.screenings.scoring import score
from governance.screenings.vectors import Layout, Place, Vector, layout_digest
from governance.storage.database import Database
from governance.storage.migrate import upgrade
from governance.work import SYSTEM, open_work

ROUNDS = 3
ANSWERS = 150
PHASE = "P"
NOW = datetime(2026, 11, 20, tzinfo=UTC).isoformat()
YES_NO = (("no", 84), ("yes", 12), ("unknown", 4))
"""How often each answer of a trigger is given: most cases fire a few of the twenty."""
STEPS = (30, 35, 15, 12, 8)


def seconds(act: Callable[[], object]) -> float:
    """Return how long `act` keeps the processor busy: the two sides are not disturbed by what else runs on the machine."""
    start = time.process_time()
    act()
    return time.process_time() - start


def column(place: Place, count: int) -> list[bytes]:
    """Return answers to one question for many screenings, as codes."""
    if place.question.kind == "yes_no_unknown":
        values, weights = zip(*YES_NO, strict=True)
    else:
        values, weights = place.values, STEPS[: len(place.values)]
    codes = [place.code(value) or bytes(place.width) for value in values] or [bytes(place.width)]
    return random.choices(codes, weights if len(weights) == len(codes) else None, k=count)


def vectors(layout: Layout, count: int) -> list[Vector]:
    """Return made-up screenings with `ANSWERS` answers each, packs included."""
    random.seed(20261120)
    columns = [
        column(place, count) if number < ANSWERS else [bytes(place.width)] * count
        for number, place in enumerate(layout.places.values())
    ]
    items = len(layout.sheet.framework.items)
    rated = [[bytes(random.choices((1, 2, 3, 4), (35, 40, 20, 5), k=items)) for _ in range(count)] for _ in range(2)]
    return [Vector(b"".join(codes), s, li) for *codes, s, li in zip(*columns, *rated, strict=True)]


def changed(document: Questionnaire) -> Questionnaire:
    """Return the next version of a questionnaire: a weight changes in every section, a question goes and one comes."""
    sections = []
    for section in document.sections:
        first, *others = section.questions
        sections.append(
            section.model_copy(update={"questions": [first.model_copy(update={"weight": first.weight + 2}), *others]})
        )
    last = sections[-1]
    new = last.questions[-1].model_copy(update={"key": f"{last.questions[-1].key}x"})
    sections[-1] = last.model_copy(update={"questions": [*last.questions[:-1], new]})
    return document.model_copy(update={"sections": sections, "version": "99"})


def alone(layout: Layout, draft: Questionnaire, found: list[Vector]) -> None:
    """Time the scorer on vectors in memory, from its first call, and the plain scoring beside it."""
    sheet = Trial(draft).sheet(layout.sheet)
    assert sheet is not None
    scorer = Scorer(sheet, layout)
    first = seconds(lambda: [scorer.levels(each) for each in found])
    again = min(seconds(lambda: [scorer.levels(each) for each in found]) for _ in range(ROUNDS))
    some = found[:200]
    new = Layout(sheet)
    moved = [scorer.passage(each) for each in some]
    plain = seconds(lambda: [plainly(new, each) for each in moved])
    assert [tuple(scorer.levels(each)) for each in some] == [plainly(new, each) for each in moved]
    print(
        f"re-score {len(found):,} vectors of {ANSWERS} answers, one core: {len(found) / first:,.0f}/s from the start,"
        f" {len(found) / again:,.0f}/s with its tables warm (plain scoring: {len(some) / plain:,.0f}/s)"
    )


def plainly(layout: Layout, vector: Vector) -> tuple[int | None, int | None, str]:
    """Score a vector by the rules themselves."""
    found = score(layout.sheet, layout.answers(vector), layout.ratings(vector), layout.rulings(vector))
    return found.inherent, found.residual, found.route


def stored(database: Database, layout: Layout, pins: list[str], framework: str, found: list[Vector], rows: int) -> None:
    """Put screenings, their newest snapshots and vectors into the database, and the single answers of the first `rows`."""
    digest = layout_digest(framework, pins, PHASE)
    raw = database.engine.raw_connection()
    made = raw.cursor()
    made.execute("PRAGMA query_only=0")
    made.execute("PRAGMA foreign_keys=OFF")
    for (name,) in made.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        made.execute(f"DROP TRIGGER {name}")
    made.execute("BEGIN IMMEDIATE")
    made.execute("INSERT INTO answer_layouts VALUES (?, ?, ?, ?)", (digest, framework, PHASE, json.dumps(pins)))
    for table, values in tables(layout, digest, framework, found, rows).items():
        for row in values:
            names = ", ".join(row)
            made.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})", tuple(row.values()))
    made.execute("COMMIT")
    made.execute("PRAGMA foreign_keys=ON")
    raw.close()


Rows = Iterator[dict[str, object]]


def tables(layout: Layout, digest: str, framework: str, found: list[Vector], rows: int) -> dict[str, Rows]:
    """Return the rows to insert per table."""
    ids = [f"{number:036d}" for number in range(len(found))]
    screening = {"project_id": "p", "phase": PHASE, "state": "submitted", "revision": 1, "framework_id": framework}
    screening |= {
        "route": "",
        "asked": 0,
        "answered": 0,
        "opened_by": "u",
        "opened_at": NOW,
        "changed_at": NOW,
        "rev": 1,
    }
    snapshot = {
        "revision": 1,
        "stage": "submitted",
        "body": "{}",
        "digest": "0" * 64,
        "created_by": "u",
        "created_at": NOW,
    }
    answer = {"remark": "", "author_id": "u", "saved_at": NOW, "rev": 1}
    vector = {"layout": digest, "marks": b"", "rest": "{}", "rulings": "{}"}
    return {
        "screenings": ({"id": id, "sequence": number, **screening} for number, id in enumerate(ids)),
        "snapshots": ({"id": id, "screening_id": id, **snapshot} for id in ids),
        "answer_vectors": (
            {"screening_id": id, "snapshot_id": id, **vector}
            | {"codes": each.codes, "severity": each.severity, "likelihood": each.likelihood}
            for id, each in zip(ids, found, strict=True)
        ),
        "answers": (
            {"id": f"{id[-10:]}-{key}", "screening_id": id, "question_key": key, "value": value, **answer}
            for id, each in zip(ids[:rows], found, strict=False)
            for key, value in layout.answers(each).items()
        ),
    }


def bare(database: Database) -> int:
    """Read every stored answer with the driver, row by row, and do nothing with it."""
    raw = database.engine.raw_connection()
    count = 0
    for _row in raw.cursor().execute("SELECT screening_id, question_key, value FROM answers ORDER BY screening_id"):
        count += 1
    raw.close()
    return count


def tested(session: Session, draft: Questionnaire, last: str) -> Tally:
    """Back-test the screenings up to one, from nothing."""
    tally = Tally()
    advance(session, Trial(draft), tally, "", lambda: tally.seen < int(last) + 1)
    return tally


def once(session: Session, draft: Questionnaire, layout: Layout, rows: int) -> int:
    """Read the coded answers of the screenings and score each once under the draft."""
    sheet = Trial(draft).sheet(layout.sheet)
    assert sheet is not None
    scorer, after, count = Scorer(sheet, layout), "", 0
    while count < rows:
        for id, _, vector in list(past.past(session, after, PAGE)):
            scorer.levels(vector)
            after, count = id, count + 1
    return count


def beside(database: Database, draft: Questionnaire, layout: Layout, rows: int) -> None:
    """Compare both with the bare loop over the same screenings, in turn."""
    reading, single, testing = [], [], []
    for _ in range(ROUNDS):
        reading.append(seconds(lambda: bare(database)))
        with open_work(database, SYSTEM, read_only=True) as work:
            single.append(seconds(partial(once, work.session, draft, layout, rows)))
            testing.append(seconds(partial(tested, work.session, draft, str(rows - 1))))
    print(f"bare loop over the {bare(database):,} answers of {rows:,} screenings: {per_second(rows, reading)}")
    for what, ours in (
        ("coded answers read and scored once under the draft", single),
        ("whole back-test: as they were, under the draft, new questions answered well and badly", testing),
    ):
        ratio = statistics.median(theirs / mine for mine, theirs in zip(ours, reading, strict=True))
        print(f"{what}, tables made anew each time: {ratio:.2f}× the speed of the bare loop ({per_second(rows, ours)})")


def per_second(rows: int, times: list[float]) -> str:
    """Return a speed with its spread."""
    low, high = rows / max(times), rows / min(times)
    return f"{rows / statistics.median(times):,.0f} screenings/s; {low:,.0f}–{high:,.0f}"


def main(screenings: int = 100_000, rows: int = 10_000) -> None:
    """Run both comparisons."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'bench.sqlite3'}")
        upgrade(database)
        with open_work(database, SYSTEM) as work:
            seed(work, SEEDS)
        with open_work(database, SYSTEM, read_only=True) as work:
            framework = current_framework(work)
            version = framework.id
            pins = [each.id for each in current_questionnaires(work, framework.key, [PHASE])]
            layout = Layout(past.sheet_by(work.session, version, PHASE, pins))
        draft = changed(next(q for q in layout.sheet.questionnaires if q.kind == "screening"))
        found = vectors(layout, screenings)
        alone(layout, draft, found)
        stored(database, layout, pins, version, found[: max(rows, 1)], rows)
        beside(database, draft, layout, rows)
        database.dispose()


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
