"""The ledger extract (R6): entries of a case, a period or a span of numbers, so that an auditor can compare them with the ledger.

Each entry is told by number, time, act, actor and the hash of its leaf; the head says over what the root is. Free text and private values
of entries are never in an extract (assurance.md §3.8).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import lazyload

from governance.accounts.models import User
from governance.accounts.rules import ROLES
from governance.insight.services import in_words
from governance.ledger.services import Event, Head, head, numbered
from governance.projects.models import Project
from governance.refusals import Refusal
from governance.reports.blocks import facts, prose, section, table
from governance.reports.names import entered, moment, said
from governance.reports.periods import Period, parsed
from governance.reports.redaction import Block
from governance.reports.words import Words
from governance.texts import Text, joined
from governance.work import UnitOfWork

MOST = 2000
TITLE = Text("監査台帳の抜粋", "Ledger Extract")
_SPAN = re.compile(r"(\d{1,12})-(\d{1,12})")
ALL_OF = Text("番号{first}～{last}の監査イベント", "Entries {first} to {last}")
OF_CASE = Text("{number} {name}の監査イベント", "Entries of {number} {name}")
OF_PERIOD = Text("{period}の監査イベント", "Entries of {period}")
SYSTEM = Text("システム", "System")


def entries(work: UnitOfWork, scope: str, project: Project | None) -> tuple[Text, list[Event]]:
    """Return what an extract covers, in words, and its entries, the oldest first.

    `scope` is a span of numbers (`0-120`) or a period (periods.py); nothing for all of a case. Raises Refusal when it is neither, when
    there is nothing in it and when there is too much for a document.
    """
    span = _SPAN.fullmatch(scope)
    period = parsed(scope) if scope and span is None else None
    found = numbered(
        work.session,
        first=int(span[1]) if span else 0,
        last=int(span[2]) if span else None,
        since=period.since if period else None,
        until=period.until if period else None,
        project=project.id if project else None,
        limit=MOST + 1,
    )
    _check(found)
    return _covers(scope, span, period, project), found


def _check(found: Sequence[Event]) -> None:
    if not found:
        raise Refusal(
            "reports.no_entries",
            "この範囲に監査イベントはありません。",
            "There are no entries in this span.",
            place="scope",
        )
    if len(found) > MOST:
        raise Refusal(
            "reports.too_many_entries",
            "監査イベントが{n}件を超えます。期間か番号の範囲を狭めてください。全件は「台帳の書出し」で渡せます。",
            "There are more than {n} entries. Narrow the period or the span; the whole ledger is handed over by its export.",
            place="scope",
            n=MOST,
        )


def _covers(scope: str, span: Any, period: Period | None, project: Project | None) -> Text:
    parts = []
    if project is not None:
        parts.append(OF_CASE.filled(number=project.number, name=Text(project.name, project.name_in("en"))))
    if span is not None:
        parts.append(ALL_OF.filled(first=int(span[1]), last=int(span[2])))
    if period is not None:
        parts.append(OF_PERIOD.filled(period=period.name))
    return joined(parts, "・", "; ") if parts else Text(scope, scope)


def sections(work: UnitOfWork, found: Sequence[Event]) -> list[Block]:
    """Return the sections of an extract."""
    top = head(work.session)
    people = {
        user.id: user
        for user in work.session.scalars(select(User).where(User.id.in_({e.body["actor"]["id"] for e in found})))
    }
    numbers = _numbers(work, found)
    return [
        section(said(Text("範囲と台帳の先頭", "What it covers, and the head of the ledger")), _head(found, top)),
        section(
            said(Text("監査イベント", "Entries")),
            table(
                COLUMNS,
                [
                    _row(event, line.text, people, numbers)
                    for event, line in zip(found, in_words(work, found), strict=True)
                ],
            ),
        ),
        section(said(Text("照合の方法", "How to compare")), prose(*map(said, HOW))),
    ]


COLUMNS: tuple[tuple[Words, str, str], ...] = (
    ({"ja": "番号", "en": "No."}, "n14", "figures"),
    ({"ja": "日時（UTC）", "en": "Time (UTC)"}, "24", "figures"),
    ({"ja": "案件", "en": "Case"}, "22", "identity"),
    ({"ja": "操作", "en": "Act"}, "", "product"),
    ({"ja": "操作した人", "en": "Actor"}, "27", "people"),
    ({"ja": "葉のハッシュ（SHA-256）", "en": "Leaf hash (SHA-256)"}, "m46", "digests"),
)
HOW = (
    Text(
        "番号は台帳の先頭から数えた通し番号で、抜けや並べ替えがあれば分かる。",
        "Numbers count from the beginning of the ledger, so that a gap or another order is seen.",
    ),
    Text(
        "葉のハッシュは、監査イベントの本体（正準形のJSON）の前に0x00を付けて計算したSHA-256（RFC 9162）である。"
        "台帳の書出しの同じ番号の行と比べる。",
        "A leaf hash is the SHA-256 of 0x00 followed by the body of the entry in canonical JSON (RFC 9162). Compare it "
        "with the same number in an export of the ledger.",
    ),
    Text(
        "根のハッシュは、記した件数までのすべての葉の木による。保存してある根と一致すれば、それまでの履歴は変わっていない。",
        "The root is that of the tree over all leaves up to the size given. If it equals a root kept "
        "elsewhere, the history up to there is unchanged.",
    ),
    Text(
        "操作の理由などの文章は、台帳には塩を付けたダイジェストだけがあり、この抜粋には含まない。",
        "Reasons and other texts stand in the ledger as salted digests only and are not part of this extract.",
    ),
)


def _head(found: Sequence[Event], top: Head) -> Block:
    return facts(
        (said(Text("件数", "Entries")), str(len(found)), "figures"),
        (said(Text("最初と最後の番号", "First and last number")), f"{found[0].seq} – {found[-1].seq}", "figures"),
        (
            said(Text("最初と最後の日時", "First and last time")),
            f"{moment(found[0].at)} – {moment(found[-1].at)}",
            "figures",
        ),
        (said(Text("台帳の名前", "Name of the ledger")), found[0].body["log"], "digests"),
        (said(Text("台帳の件数", "Size of the ledger")), str(top.size), "figures"),
        (said(Text("根のハッシュ", "Root")), top.root.hex(), "digests"),
    )


def _numbers(work: UnitOfWork, found: Sequence[Event]) -> dict[str, str]:
    ids = {event.body["project"] for event in found if event.body["project"]}
    query = select(Project).where(Project.id.in_(ids)).options(lazyload(Project.members))
    return {row.id: row.number for row in work.session.scalars(query)}


def _row(event: Event, act: Text, people: Mapping[str, User], numbers: Mapping[str, str]) -> tuple[Any, ...]:
    return (
        str(event.seq),
        event.at.strftime("%Y-%m-%d %H:%M:%S"),
        numbers.get(event.body["project"] or "", "—"),
        said(act),
        _actor(event, people),
        event.leaf.hex(),
    )


def _actor(event: Event, people: Mapping[str, User]) -> Any:
    """Return who acted: by name with the roles of that moment, or by these roles alone."""
    actor = event.body["actor"]
    user = people.get(actor["id"])
    role = joined([ROLES[code] for code in ROLES if code in actor["roles"]])
    if user is None or not role.ja:
        role = role if role.ja else SYSTEM
    return {"person": entered(user.name, user.name_en) if user else None, "role": said(role)}
