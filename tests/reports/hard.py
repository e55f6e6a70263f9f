"""A case that strains every report: made through the services as far as they let anybody go, and beyond that in its content.

Answers without a blank, rare letters, letters that no font has, markup and addresses, five hundred pieces of evidence, sixty
conditions, twelve members of the committee, thirty findings. Nobody and nothing in it exists.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import cycle
from typing import Any

from governance.reports import documents, papers, services
from governance.reports.case import read_case
from governance.reports.compose import Imprint, compose
from governance.reports.documents import Order
from governance.reports.printing import print_report
from governance.reports.render import Issue, record_bytes, render_html
from governance.reviews import committees, items, meetings, minutes
from governance.reviews import services as reviewing
from governance.reviews.models import Meeting, Review
from governance.reviews.rules import ConditionDraft, local_date
from governance.screenings import filling
from governance.screenings.loading import load
from governance.screenings.models import Screening
from governance.screenings.rules import Entry
from governance.storage.files import FileStore
from tests.builders import PARTICULARS, World, answered, opened, registered, submitted
from tests.reviews import scenes

RARE = "𠮷田・髙橋・﨑山・𩸽定食・葛\U000e0100城市・〜①㈱"
UNSEEN = "😀👨\u200d👩\u200d👧🇯🇵❤\ufe0f♨\ufe0f مرحبا שלום \u202e逆 ᠮᠣᠩ 한글 \U000f0000"
MARKUP = (
    "<script>alert(1)</script></td></table><h1>偽</h1><img src=http://127.0.0.1:9/x><svg onload=x>"
    "<style>@page{size:A0}</style> @import 'file:///etc/passwd'; url(http://127.0.0.1:9/y) {{ 7*7 }} &amp;"
)
WORD = "Donaudampfschifffahrtsgesellschaft" * 8
ADDRESS = "https://wiki.example/" + "0123456789abcdef" * 16
TEXT = f"{RARE}\n{UNSEEN}\n{MARKUP}\n{WORD} {ADDRESS}"
NAME = (RARE + "の需要を予測しながら配送と在庫と要員を同時に組み替える仕組み" * 4)[:120]
NAME_EN = f"{WORD[:90]} demand forecast for warehouses, transport and staff"
EVIDENCE, FEW, CONDITIONS, FINDINGS = 500, 60, 60, 30
HARDEST = {"summary", "questions", "packs", "findings", "committee", "conditions", "evidence"}
"""Sections that the strain is in: the others are printed in one language only, for the sake of time."""
MORE_MEMBERS = ("stranger", "legal", "executive", "expert", "expert2")
LONG = "".join(f"検{n:04}査" for n in range(3500))
"""More than twenty thousand letters without a blank; each group of six stands once."""
LONG_EN = "".join(f"chk{n:04}z" for n in range(1000))


@dataclass(frozen=True)
class Strained:
    """The world with its case, its session and its decision."""

    made: World
    store: FileStore
    screening: str
    project: str
    meeting: str
    decision: str

    # long: one branch for each sort of report
    def printed(self, kind: str, lang: str) -> bytes:
        """Return the file of a report of the case, issued as a person would."""
        if kind == "case":
            return self._case(lang)
        made = self.made
        keys = {"pack": self.meeting, "minutes": self.meeting, "letter": self.decision}
        if kind in keys:
            order = papers.Order(kind, keys[kind], lang)
            paper = papers.issue(made.database, made.actor("secretariat"), self.store, order)
            with made.acting("secretariat", read_only=True) as work:
                return self.store.read(papers.paper(work, paper).file_digest)
        scopes = {"portfolio": "FY2026", "form": self._sheet()}
        about = "" if kind in scopes else self.project
        wanted = Order(kind, lang, TEXT[:200], scope=scopes.get(kind, ""), project_id=about)
        report = documents.issue(made.database, made.actor("secretariat"), self.store, wanted)
        with made.acting("secretariat", read_only=True) as work:
            return services.download(work, report, self.store)[1]

    def _sheet(self) -> str:
        with self.made.acting("secretariat", read_only=True) as work:
            row = max(documents.versions(work)[1], key=lambda each: len(each.body))
            return f"{row.key}:{row.version}"

    def content(self, lang: str) -> Any:
        """Return the content of the case report, with answers and findings beyond what the forms take."""
        with self.made.acting("auditor", read_only=True) as work:
            row = work.session.get_one(Screening, self.screening)
            content: Any = compose(
                read_case(work, row.project, row, lang), Imprint("AIG-R1-2026-0001", 1, "2026-12-01")
            )
        first, second, *_ = content["details"][0]["questions"]
        first["remark"] = LONG if lang == "ja" else LONG_EN
        second["remark"] = {"ja": LONG[:600], "en": LONG_EN[:600]}
        content["evidence"] += [_evidence(n) for n in range(EVIDENCE if lang == "ja" else FEW)]
        first["evidence"] = [each["id"] for each in content["evidence"][:FEW]]
        if lang != "ja":
            content["sections"] = [each for each in content["sections"] if each["key"] in HARDEST]
        content["findings"] = [_finding(content["findings"][0], n) for n in range(1, FINDINGS + 1)]
        return content

    def _case(self, lang: Any) -> bytes:
        content = self.content(lang)
        page = render_html(content, lang=lang, issue=Issue("ISS-1", self.made.now, TEXT[:200]))
        return print_report(page, record_bytes(content), identifier="hard", at=self.made.now).file


def _evidence(n: int) -> Any:
    title = f"証跡{n:03} {RARE} {WORD[:40]}" if n % 50 == 0 else f"証跡{n:03}"
    digest = hashlib.sha256(title.encode()).hexdigest()
    return {"id": f"X{n:03}", "kind": "リンク", "title": title, "date": "2026-11-20", "digest": digest}


def _finding(first: Any, n: int) -> Any:
    hard = TEXT if n % 15 == 0 else RARE
    return {**deepcopy(first), "id": f"F{n}", "title": hard, "fact": hard, "cause": hard, "impact": None}


def strained(made: World, store: FileStore) -> Strained:
    """Take the case through its whole way: filled, submitted, checked, decided in a session with minutes."""
    particulars = replace(
        PARTICULARS, name=NAME, name_en=NAME_EN, customer=WORD[:200], end_subjects=TEXT[:300], department=WORD[:120]
    )
    project = registered(made, particulars)
    screening = opened(made, project)
    answered(made, screening, scenes.BOARD, {"P3a": "partial"}, ratings=scenes.HIGH)
    _fill_up(made, screening)
    submitted(made, screening)
    review = scenes.taken(made, screening)
    with made.acting("expert") as work:
        row = work.session.get_one(Review, review)
        reviewing.give_opinion(
            work,
            row,
            rev=row.rev,
            recommendation="approved_with_conditions",
            opinion=TEXT,
            risks=TEXT,
            open_points=TEXT,
        )
    meeting, decision = _decided(made, screening)
    return Strained(made, store, screening, project, meeting, decision)


def _fill_up(made: World, screening: str) -> None:
    """Write something hard into every answer."""
    with made.acting("member") as work:
        row = work.session.get_one(Screening, screening)
        filled = load(work.session, row)
        scale = {
            question.key
            for sheet in filled.sheet.questionnaires
            if sheet.kind != "trigger"
            for _, question in sheet.questions()
            if question.kind == "scale"
        }
        entries = [
            Entry(
                key,
                given.value,
                f"始{key} {remark} 終{key}",
                date(2027, 1, 29) if given.value == "partial" else None,
                given.rev,
            )
            for (key, given), remark in zip(filled.answers.items(), cycle((TEXT, RARE, ADDRESS, UNSEEN)))
            if key in scale
        ]
        filling.save_answers(work, row, entries)


def _conditions(made: World) -> tuple[ConditionDraft, ...]:
    people = made.people["owner"].id, made.people["expert2"].id
    until = local_date(made.now) + timedelta(days=90)
    texts = (f"条件{n:02} {RARE if n % 30 else TEXT}" for n in range(CONDITIONS))
    return tuple(ConditionDraft(text, "pre_launch", *people, until) for text in texts)


# long: a session from its plan to its approved minutes
def _decided(made: World, screening: str) -> tuple[str, str]:
    committee = scenes.board(made)
    with made.acting("secretariat") as work:
        row = committees.committee(work, committee)
        for n, name in enumerate(MORE_MEMBERS):
            side = "external" if n < 3 else "internal"
            user = made.people[name].id
            committees.appoint(work, row, user, side=side, expertise=["technical"], term_from=date(2026, 4, 1))
    meeting, (item,) = scenes.planned(made, committee, screening)
    present = (*scenes.SEATS, *MORE_MEMBERS)
    scenes.in_session(made, meeting, present)
    scenes.discussing(made, item)
    with made.acting("secretariat") as work:
        found = scenes.agenda_item(work, item)
        items.put_motion(work, found, "approved_with_conditions", rev=found.rev, conditions=_conditions(made))
    for name in present:
        scenes.vote(made, item, name, "against" if name == "ext1" else "for", TEXT if name == "ext1" else "")
    verdict = scenes.conditional(made, rationale=TEXT, conditions=_conditions(made))
    decision = scenes.decide(made, item, verdict)  # type: ignore[arg-type]
    with made.acting("secretariat") as work:
        row = work.session.get_one(Meeting, meeting)
        meetings.close_meeting(work, row, rev=row.rev)
        texts = minutes.texts_of(work, row)
        texts = texts | {"opening": TEXT, "items": dict.fromkeys(texts["items"], TEXT)}
        minutes.write(work, row, texts, seen=0)
    for name, office in (("chair", "chair"), ("secretariat", "secretary")):
        with made.acting(name) as work:
            minutes.approve(work, work.session.get_one(Meeting, meeting), office, seen=1)
    return meeting, decision


def answers(content: Any) -> Sequence[Any]:
    """Return what was answered in words in a content."""
    groups = [*content["details"], *content["carried"], *content["packs"]]
    return [question["remark"] for group in groups for question in group["questions"] if question["remark"]]
