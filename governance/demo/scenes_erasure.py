"""The end of the demonstration: somebody who left is erased by two people, and one request about a project waits for the second."""

from __future__ import annotations

from functools import partial

from governance.accounts import services as accounts
from governance.demo.content import Content
from governance.demo.stage import Stage
from governance.erasure import services
from governance.erasure.rules import Wish
from governance.reviews.rules import local_date
from governance.storage.database import Database
from governance.work import SYSTEM, Actor, UnitOfWork, run

GONE = "tachisari@demo.example"
YEARS = 10


def _holder(content: Content, role: str) -> str:
    return next(person.key for person in content.people if role in person.roles)


def erase(stage: Stage) -> None:
    """Play both; the project is the first of the story."""
    secretary, privacy = (stage.actor(_holder(stage.content, role)) for role in ("secretariat", "privacy"))
    project = next(id for key, id in stage.ids.items() if key[0] == "project")
    play(stage.database, secretary, privacy, project)


def play(database: Database, secretary: Actor, privacy: Actor, project: str) -> None:
    """Let `secretary` ask twice and `privacy` approve the first request."""
    run(database, SYSTEM, _joined)
    asked = run(
        database,
        secretary,
        partial(_asked, GONE, Wish(("account",), "request", "退職した本人からの請求（受付番号 架空-12）")),
    )
    run(database, privacy, partial(_approved, asked))
    wish = Wish(("comments",), "contract", "業務委託契約（架空）第9条による消去", "契約上の消去義務を優先するため")
    run(database, secretary, partial(_asked, project, wish))


def _joined(work: UnitOfWork) -> None:
    accounts.create_user(
        work,
        email=GONE,
        name="立去 架空",
        name_en="Kaku Tachisari",
        department="架空事業部",
        department_en="Imaginary Division",
    )


def _asked(words: str, wish: Wish, work: UnitOfWork) -> str:
    target = services.target_of(work, words)
    return services.request(work, target, wish, years=YEARS, today=local_date(work.now)).id


def _approved(id: str, work: UnitOfWork) -> None:
    row = services.erasure(work, id)
    services.approve(work, row, rev=row.rev)
