"""What saving one answer costs, alone and with 64 people at once (performance.md P8, P13).

Run `python -m bench.autosave [sqlite|postgresql] [seconds] [people]`. The real server answers on 127.0.0.1; the driver is a process of
its own on the same machine, so the figures are of both together. P13 counts the statements of one save in this process; P8 offers
two saves a second for each person and looks afterwards whether the last acknowledged remark of each is in the database.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

from sqlalchemy import event, select

from bench.stage import Seat, served, stage
from governance.screenings.models import Answer
from governance.storage.database import Database
from governance.web import create_app

KEY = "P1a"
VALUES = ("done", "not_done")
"""Every save changes the answer and its remark: the costly kind, with a new score and new parts of the page."""

PEER_SAVE_MS = 149.0
PEER_SAVES_PER_S = 12.5
RATE = 2.0
"""Saves a second that each person offers under P8."""


@dataclass
class Person:
    """One connection that saves the same answer again and again, each time with the revision it was told."""

    seat: Seat
    port: int
    rev: int = 0
    token: str = ""
    cookie: str = ""
    said: str = ""
    refused: int = 0
    times: list[float] = field(default_factory=list)

    async def open(self) -> None:
        """Connect, and take a token as the page would."""
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.cookie = self.seat.cookie
        told = json.loads(await self.ask("GET", "/token"))
        self.token = told["token"]

    async def save(self, number: int) -> None:
        """Save a new remark; keep what was acknowledged."""
        said = f"{self.seat.person[:8]} {number}"
        fields = {"page": "safety", KEY: VALUES[number % 2], f"{KEY}-rev": self.rev, f"{KEY}-remark": said}
        started = time.perf_counter()
        body = await self.ask("POST", f"/screenings/{self.seat.screening}/save", urlencode(fields))
        self.times.append(time.perf_counter() - started)
        told = json.loads(body)
        if KEY in told.get("saved", {}):
            self.rev, self.said = told["saved"][KEY]["rev"], said
        else:
            self.refused += 1

    async def ask(self, verb: str, path: str, body: str = "") -> bytes:
        """Send one request over the open connection and return the body of its answer."""
        head = f"{verb} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nAccept: application/json\r\nCookie: {self.cookie}\r\n"
        if verb == "POST":
            head += f"Origin: http://127.0.0.1:{self.port}\r\nX-CSRFToken: {self.token}\r\n"
            head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        self.writer.write((head + "\r\n" + body).encode())
        await self.writer.drain()
        answer = await self.reader.readuntil(b"\r\n\r\n")
        length = 0
        for line in answer.decode().split("\r\n"):
            name, _, value = line.partition(": ")
            if name.lower() == "content-length":
                length = int(value)
            elif name.lower() == "set-cookie" and value.startswith("session="):
                self.cookie = value.partition(";")[0]
        return await self.reader.readexactly(length)


async def _opened(seats: list[Seat], port: int, revs: dict[str, int]) -> list[Person]:
    people = [Person(seat, port, revs[seat.screening]) for seat in seats]
    for person in people:
        await person.open()
    return people


async def _alone(people: list[Person], saves: int) -> list[float]:
    """One person saves and nobody else is there."""
    for number in range(saves):
        await people[0].save(number)
    return people[0].times[5:]


async def _closed(people: list[Person], seconds: float) -> float:
    """Everybody saves as fast as they are answered; return saves a second."""
    end, counted = time.perf_counter() + seconds, 0

    async def work(person: Person) -> None:
        nonlocal counted
        number = 10_000
        while time.perf_counter() < end:
            await person.save(number)
            number += 1
            counted += 1

    started = time.perf_counter()
    await asyncio.gather(*(work(person) for person in people))
    return counted / (time.perf_counter() - started)


async def _offered(people: list[Person], seconds: float) -> list[float]:
    """Everybody saves `RATE` times a second; a late answer delays nobody else. Times are from when the save was due."""
    times: list[float] = []
    origin = time.perf_counter() + 0.2

    async def work(place: int, person: Person) -> None:
        for number in range(int(seconds * RATE)):
            due = origin + (number + place / len(people)) / RATE
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            await person.save(100_000 + number)
            times.append(time.perf_counter() - due)

    await asyncio.gather(*(work(place, person) for place, person in enumerate(people)))
    return times


def stored(database: Database) -> dict[str, Answer]:
    """Return the stored answer of every screening."""
    with database.session(read_only=True) as session:
        return {row.screening_id: row for row in session.scalars(select(Answer).where(Answer.question_key == KEY))}


def statements(database: Database, settings: object, seat: Seat) -> int:
    """Count the statements of one save through the whole application, sign-in and transaction included."""
    app = create_app(settings, database)  # type: ignore[arg-type]
    client = app.test_client()
    name, _, value = seat.cookie.partition("=")
    client.set_cookie(name, value, domain="localhost")
    token = client.get("/token", headers={"Accept": "application/json"}).json["token"]
    rev, counts = stored(database)[seat.screening].rev, []
    for number in range(4):
        fields = {
            "page": "safety",
            KEY: VALUES[number % 2],
            f"{KEY}-rev": rev + number,
            f"{KEY}-remark": f"counted {number}",
        }
        with counted(database) as found:
            answer = client.post(
                f"/screenings/{seat.screening}/save",
                data=fields,
                headers={"Accept": "application/json", "X-CSRFToken": token},
            )
        assert answer.status_code == 200, answer.text
        counts.append(len(found))
    return counts[-1]


class counted:  # noqa: N801 - reads as a clause
    """Collect the statements that a block sends to the database."""

    def __init__(self, database: Database) -> None:
        self.engine, self.found = database.engine, list[str]()

    def __enter__(self) -> list[str]:
        event.listen(self.engine, "before_cursor_execute", self._note)
        return self.found

    def __exit__(self, *_: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._note)

    def _note(self, _conn: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(("PRAGMA", "BEGIN")):
            self.found.append(statement)


def percentile(times: list[float], part: float) -> float:
    """Return the given percentile in milliseconds."""
    ordered = sorted(times)
    return 1000 * ordered[min(len(ordered) - 1, int(part * len(ordered)))]


async def _driven(
    seats: list[Seat], port: int, database: Database, seconds: float
) -> tuple[list[float], float, list[float], int, int]:
    revs = {id: row.rev for id, row in stored(database).items()}
    people = await _opened(seats, port, revs)
    alone = await _alone(people, 45)
    throughput = await _closed(people, min(15.0, seconds))
    offered = await _offered(people, seconds)
    kept = stored(database)
    lost = sum(person.said != kept[person.seat.screening].remark for person in people)
    return alone, throughput, offered, lost, sum(person.refused for person in people)


def main(kind: str = "sqlite", seconds: float = 60.0, people: int = 64, say: Callable[[str], None] = print) -> None:
    """Run all figures on one kind of database and print them with the goals."""
    with stage(kind, people) as (database, settings, seats):
        count = statements(database, settings, seats[0])
        with served(settings, 2) as port:
            alone, throughput, offered, lost, refused = asyncio.run(_driven(seats, port, database, seconds))
    idle, p50, p99 = 1000 * statistics.median(alone), percentile(offered, 0.5), percentile(offered, 0.99)
    say(
        f"autosave on {kind}: {count} statements (goal 15), alone {idle:.1f} ms = {idle / PEER_SAVE_MS:.2f}x peer (goal 0.1)"
    )
    say(
        f"  {people} people as fast as answered: {throughput:.0f} saves/s = {throughput / PEER_SAVES_PER_S:.1f}x peer (goal 20)"
    )
    say(
        f"  {people} people at {RATE:.0f}/s for {seconds:.0f} s: p50 {p50:.1f} ms, p99 {p99:.1f} ms = {p99 / idle:.1f}x idle"
        f" (goal 20), {len(offered)} saves, {lost} lost, {refused} refused"
    )


if __name__ == "__main__":
    arguments = sys.argv[1:]
    main(
        arguments[0] if arguments else "sqlite",
        float(arguments[1]) if len(arguments) > 1 else 60.0,
        int(arguments[2]) if len(arguments) > 2 else 64,
    )
