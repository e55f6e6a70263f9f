"""A world that has something on every page of the service, and who opens which page there.

Each room brings its own case about through the services and names the addresses; test_access_of_pages walks them all.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import TypeVar

from sqlalchemy import select

from governance.discussions import delegating
from governance.discussions import services as discussions
from governance.discussions.delegating import Request
from governance.erasure import holding
from governance.erasure import services as erasures
from governance.erasure.rules import Wish
from governance.learning import attending
from governance.ledger.models import LedgerCheckpoint, LedgerSending
from governance.monitoring import incidents, indicators, keys
from governance.monitoring.models import Indicator, Reading
from governance.projects.models import Project
from governance.questionnaires import drafts
from governance.questionnaires.models import DraftChange, FrameworkVersion, QuestionnaireVersion
from governance.reports import annulling, bulk
from governance.reports.models import Paper, Report
from governance.reviews import (
    amendments,
    assigning,
    challenges,
    circulating,
    consulting,
    items,
    meetings,
    minutes,
    questions,
    sampling,
)
from governance.reviews import services as reviews
from governance.reviews.decisions import Verdict
from governance.reviews.models import Committee, Condition, Decision, Meeting
from governance.reviews.rules import local_date
from governance.screenings import filling, similar
from governance.screenings.loading import load
from governance.screenings.models import Screening
from governance.screenings.rules import Entry
from governance.work import UnitOfWork
from tests.builders import World, answered, opened, registered, submitted
from tests.learning.scenes import begun, course, finished, in_round, on
from tests.learning.scenes import of as of_course
from tests.monitoring.scenes import entered, watched
from tests.monitoring.test_standing import account
from tests.notifications.office import tell
from tests.projects.test_life import turn
from tests.reviews import scenes
from tests.screenings import shelves
from tests.screenings.test_measures import adopted
from tests.screenings.test_moving import published, reworked
from tests.screenings.test_reopening import approved, reopened

Places = list[tuple[str, list[str]]]
Made = TypeVar("Made")


def everything(made: World) -> Places:
    """Bring the world about; return the pages of each room with the person who opens them."""
    rooms = (of_a_draft, of_talk, of_life, of_watching, of_reviews, of_bodies, of_authors, of_learning, of_erasure)
    found = [place for room in rooms for place in room(made)]
    return [*found, *of_everybody(made)]


def project_of(made: World, screening: str) -> str:
    with made.acting(read_only=True) as work:
        return work.session.get_one(Screening, screening).project_id


def act(made: World, name: str, done: Callable[[UnitOfWork], Made]) -> Made:
    with made.acting(name) as work:
        return done(work)


def changed(made: World, screening: str, key: str, value: str, remark: str) -> None:
    """Answer a question anew, so that it has a history."""
    with made.acting("member") as work:
        row = work.session.get_one(Screening, screening)
        rev = load(work.session, row).answers[key].rev
        filling.save_answers(work, row, [Entry(key, value, remark, date(2027, 1, 29), rev)])


# ---------------------------------------------------------------- the team


def of_a_draft(made: World) -> Places:
    """A filled draft with evidence of two versions and an expired one, a measure, and answers taken from a similar project."""
    scenes.case(made)  # something to copy from
    draft = opened(made, registered(made))
    answered(made, draft, {"T10": "yes"}, {"P2b": "not_applicable", "P3b": "partial", "P3c": "not_done"}, rate=(2, 2))
    changed(made, draft, "P3b", "partial", "記録を残す。")
    piece = shelves.added(made, draft, "P1a", "P1c", content="一", expires_on=date(2026, 11, 30))
    shelves.added(made, draft, "P1b", content="三", expires_on=date(2026, 11, 1))
    newer = shelves.replaced(made, piece, (draft, "P1a"))
    measure = adopted(made, draft)
    case, base = f"/projects/{project_of(made, draft)}", f"/screenings/{draft}"
    rooms = (
        "",
        "/triggers",
        "/items/privacy",
        "/items/safety",
        "/submit",
        "/history/P3b",
        "/exchange",
        "/measures/new",
    )
    shown = [f"{base}{rest}" for rest in (*rooms, "/evidence/P1a", f"/evidence/P1a/{newer}/detach")]
    shelf = [f"{case}/evidence{rest}" for rest in ("", f"/{newer}", f"/{newer}/replace", f"/{newer}/remove")]
    own = ["", "/edit", "/members", "/suspend", "/withdraw"]
    return [
        ("owner", [*shown, *shelf, f"/measures/{measure}", *(f"{case}{rest}" for rest in own), *from_another(made)]),
        ("auditor", [f"{base}/items/privacy", case, shelf[0]]),
    ]


def from_another(made: World) -> list[str]:
    """Return the pages of starting from a similar project, and of confirming what came from there."""
    blank, taken = (opened(made, registered(made)) for _ in range(2))
    with made.acting("member") as work:
        row = work.session.get_one(Screening, taken)
        source = similar.candidates(work, row)[0].screening.id
        similar.copy(work, row, similar.source_of(work, row, source))
    return [
        f"/screenings/{blank}",
        f"/screenings/{blank}/similar",
        f"/screenings/{blank}/similar/{source}",
        f"/screenings/{taken}/confirm",
        f"/screenings/{taken}/items/safety",
    ]


def of_talk(made: World) -> Places:
    """A case that came back with a remark, was changed and handed on."""
    screening = scenes.case(made, ratings=scenes.MEDIUM)
    scenes.taken(made, screening)
    with made.acting("expert") as work:
        row = scenes.row(work, screening)
        discussions.open_thread(work, row, "P1a", text="試験の記録がありません。", kind="remark")
        reviews.return_to_team(work, row, rev=row.rev, reason="指摘のとおり直してください。")
    changed(made, screening, "P1a", "partial", "記録を加えた。")
    with made.acting("owner") as work:
        asked = Request(made.people["member"].id, date(2026, 12, 1), "確かめてください。")
        delegating.delegate(work, scenes.row(work, screening), ["P1b"], asked, date(2026, 11, 20))
    base = f"/screenings/{screening}"
    rooms = ("", "/items/safety", "/discussion", "/changes", "/delegations", "/questions/P1a/discussion")
    return [
        ("owner", [*(f"{base}{rest}" for rest in rooms), f"/projects/{project_of(made, screening)}/discussion"]),
        ("member", ["/", f"{base}/items/safety"]),
    ]


def of_life(made: World) -> Places:
    """One project that is screened again, one suspended, one withdrawn, one retired."""
    again, stopped, dropped, ended = (registered(made) for _ in range(4))
    first = opened(made, again)
    answered(made, first, answers={"P1a": "done_evidenced"})
    submitted(made, first)
    approved(made, first)
    second = reopened(made, again, reasons=["region", "data"])
    kept = opened(made, stopped)
    answered(made, kept)
    for who, project, what in (
        ("owner", stopped, "suspend"),
        ("owner", dropped, "withdraw"),
        ("owner", ended, "retire"),
    ):
        turn(made, who, project, what)
    return [
        (
            "owner",
            [
                *(f"/projects/{again}{rest}" for rest in ("", "/reopen?phase=D", "/retire")),
                *(f"/screenings/{second}{rest}" for rest in ("", "/items/safety")),
                *(f"/projects/{stopped}{rest}" for rest in ("", "/resume")),
                f"/screenings/{kept}/items/safety",
                f"/projects/{dropped}",
                f"/projects/{ended}",
            ],
        )
    ]


def of_watching(made: World) -> Places:
    """A project with an indicator out of its band, one that has ended, a key, and an incident."""
    project = registered(made)
    seen = watched(made, project, opens_screening=True)
    entered(made, seen, *((day, f"{96 + day % 3}") for day in range(40, 4, -6)), (2, "91.5"))
    over = watched(made, project, ("within", "-5", "5"), name="偏り", name_en="Bias", unit="")
    with made.acting("member") as work:
        one = work.session.get_one(Indicator, over)
        indicators.retire(work, one, "別の指標に替えた", rev=one.rev)
        reading = work.session.scalars(select(Reading.id).where(Reading.indicator_id == seen)).first()
    with made.acting("owner") as work:
        row = work.session.get_one(Project, project)
        keys.make(work, row, "監視サーバー")
        told = account(made, cause="閾値の誤り", effect="担当者が止めた", prevention="閾値を見直す")
        incident = incidents.report(work, row, told).id
    base = f"/projects/{project}"
    rooms = ("", "/new", "/csv", "/keys", f"/{seen}", f"/{seen}/edit", f"/{seen}/band", f"/{seen}/retire", f"/{over}")
    return [
        ("owner", [base, *(f"{base}/monitoring{rest}" for rest in rooms)]),
        ("member", [f"{base}/monitoring/{seen}/readings/{reading}", f"{base}/incidents/{incident}/edit"]),
        ("expert", [f"{base}/incidents", f"{base}/incidents/{incident}", f"{base}/incidents/new"]),
    ]


# ---------------------------------------------------------------- those who check and decide


def of_reviews(made: World) -> Places:
    """A case being checked; a meeting with one item decided on a condition and one being voted on."""
    checked = scenes.case(made, scenes.BOARD, scenes.HIGH, {"P2b": "not_applicable"})
    scenes.taken(made, checked)
    meeting, settled, lost, voted_on = in_session(made)
    with made.acting("auditor", read_only=True) as work:
        committee, condition = (work.session.scalars(select(table.id)).one() for table in (Committee, Condition))
    board = ["/committees", f"/committees/{committee}", f"/meetings/{meeting}", f"/meetings/{meeting}/items/{settled}"]
    return [
        ("expert", ["/", "/reviews", "/reviews?who=mine&sort=age", f"/reviews/{checked}", "/settings"]),
        ("expert", ["/reviews/sampling", f"/reviews/{at_the_desk(made)}"]),
        ("secretariat", [*board, f"/committees/{committee}/meetings/new", f"/meetings/{meeting}/items/{voted_on}"]),
        ("secretariat", [f"/projects/{project_of(made, checked)}/reports/new"]),
        ("secretariat", ["/reports/bulk", f"/reports/bulk/{in_bulk(made)}"]),
        ("ext1", [f"/meetings/{meeting}", f"/meetings/{meeting}/items/{voted_on}", "/nowhere"]),
        ("expert2", [f"/conditions/{condition}"]),
        *of_what_follows(made, settled, lost),
        *of_papers(made, meeting, settled, committee),
    ]


def of_papers(made: World, meeting: str, settled: str, committee: str) -> Places:
    """Materials that were sent, a question to the team, a letter; a meeting that is closed with minutes, and one to come."""
    with made.acting("ext1") as work:
        voted_on = next(each for each in work.session.get_one(Meeting, meeting).items if each.state == "voting")
        questions.ask(work, voted_on, "保存期間は何日か。")
        asked = voted_on.screening_id
    with made.acting("auditor", read_only=True) as work:
        letter = work.session.scalars(select(Decision.id).where(Decision.item_id == settled)).one()
    waiting = scenes.case(made, scenes.BOARD, scenes.HIGH)
    scenes.opined(made, waiting)
    closed, (item,) = scenes.planned(made, committee, waiting)
    scenes.in_session(made, closed)
    with made.acting("secretariat") as work:
        row = work.session.get_one(Meeting, closed)
        items.defer_item(work, scenes.agenda_item(work, item), rev=1, reason="資料を補う。")
    with made.acting("secretariat") as work:
        row = work.session.get_one(Meeting, closed)
        meetings.close_meeting(work, row, rev=row.rev)
        minutes.write(work, row, minutes.texts_of(work, row), seen=0)
    with made.acting("secretariat") as work:
        plan = {"starts_at": made.now + timedelta(days=9), "place": "講堂", "link": "https://meet.example/board"}
        later = meetings.plan_meeting(work, work.session.get_one(Committee, committee), **plan).id
    paths = [f"/meetings/{meeting}/materials", f"/meetings/{closed}/minutes", f"/meetings/{closed}/papers"]
    return [
        ("secretariat", [*paths, f"/meetings/{later}/edit", f"/decisions/{letter}/letter"]),
        *of_register(made, project_of(made, waiting), letter),
        ("ext1", paths),
        ("owner", [f"/screenings/{asked}/board-questions", f"/decisions/{letter}/letter"]),
    ]


def of_register(made: World, project: str, decision: str) -> Places:
    """A report and a letter that hold, a report that was annulled and replaced, and a checkpoint that could not be sent."""
    with made.acting("secretariat") as work:
        common = {"lang": "ja", "project_id": project, "record_digest": "a" * 64, "size": 1, "pages": 1}
        common |= {"issued_by": work.actor.id, "file_digest": "b" * 64}
        at = {"purpose": "監査部への提出", "kind": "case", **common}
        moments = [work.now + timedelta(seconds=n) for n in (1, 2, 3)]
        rows = [Report(number=f"AIG-R1-2026-{n:04}", issued_at=each, **at) for n, each in enumerate(moments, 1)]
        common |= {"kind": "letter", "source_id": decision, "items": [], "issued_at": work.now}
        letter = Paper(number="AIG-R2-2026-0001", **common)
        work.session.add_all([*rows, letter])
        work.record("ReportIssued", subject=("report", "seen"))
        annulling.annul(work, rows[1], "宛先を誤って発行した。")
        places = [*(f"/reports/{row.id}" for row in rows), f"/reports/{rows[2].id}/annul", f"/papers/{letter.id}"]
        work.session.add(LedgerCheckpoint(size=1, root=b"r" * 32, note="—", made_at=work.now))
        work.session.flush()
        place = {"sink": "folder:0", "place": "/mnt/outside", "problem": "FileNotFoundError", "tried_at": work.now}
        work.session.add(LedgerSending(size=1, tries=3, **place))
        return [("secretariat", [*places, f"/papers/{letter.id}/annul", "/ledger/checkpoints"])]


def at_the_desk(made: World) -> str:
    """Return a case in its pre-check, handed on once, with a challenge; a light case was drawn for another look."""
    with made.acting("expert") as work:
        sampling.set_share(work, 100, effective_on=local_date(work.now), reason="見本")
    light = scenes.case(made)
    with made.acting("approver") as work:
        row = scenes.row(work, light)
        reviews.decide_without_board(work, row, Verdict("approved", "残る影響は小さい。"), rev=row.rev)
    waiting = scenes.case(made, scenes.BOARD, scenes.HIGH)
    scenes.in_triage(made, waiting)
    with made.acting("expert") as work:
        row = scenes.row(work, waiting)
        assigning.assign(work, row, made.people["expert2"].id, rev=row.rev, reason="休暇に入るため。")
        given = {"proposed": "not_done", "reason": "記録がない。"}
        challenges.raise_challenge(work, row, "answer", "P1a", **given, rev=row.rev)
    return waiting


def of_what_follows(made: World, settled: str, lost: str) -> Places:
    """A change to what was approved, an appeal that can be filed, and the days of everything."""
    with made.acting("owner") as work:
        project = scenes.agenda_item(work, settled).screening.project
        filed = {"scale": "minor", "reasons": ["model"], "text": "画面の文言を直す。"}
        change = amendments.file_amendment(work, project, "P", **filed).id
        rejected = scenes.agenda_item(work, lost).screening_id
    mine = [f"/projects/{project.id}/amendments", f"/screenings/{rejected}/appeal", "/calendar"]
    return [("owner", mine), ("expert", [f"/amendments/{change}"])]


def of_bodies(made: World) -> Places:
    """A committee with a second version of its rules, a case referred to the executive, and a body that was asked about one."""
    with made.acting("auditor", read_only=True) as work:
        committee = work.session.scalars(select(Committee.id)).one()
    referred = scenes.case(made, scenes.BOARD, {"fairness": (4, 4)})
    scenes.opined(made, referred)
    meeting, (item,) = scenes.planned(made, committee, referred)
    scenes.in_session(made, meeting)
    scenes.voting(made, item, "escalated")
    for name in ("chair", "ext1", "ext2", "int1", "int2"):
        scenes.vote(made, item, name, "for")
    scenes.decide(made, item, Verdict("escalated", "経営の判断を要する。", escalated_to="経営会議"))
    with made.acting("expert") as work:
        row = work.session.get_one(Screening, referred)
        asked = consulting.ask(work, row, "legal", question="契約上の義務を満たすか。").id
    light = scenes.case(made, scenes.BOARD, {"fairness": (2, 1)})
    scenes.opined(made, light)
    with made.acting("secretariat") as work:
        round_ = circulating.start(
            work,
            work.session.get_one(Committee, committee),
            work.session.get_one(Screening, light),
            Verdict("approved", "影響は小さい。"),
            members=[scenes.seat(work, made, name).id for name in ("int1", "int2")],
            closes_on=made.now.date() + timedelta(days=9),
        ).id
    rules = f"/committees/{committee}/rules"
    return [
        ("secretariat", [f"/committees/{committee}/circulations/new", f"/circulations/{round_}"]),
        ("secretariat", ["/bodies", "/bodies/quality", rules, f"{rules}/new", f"/meetings/{meeting}/items/{item}"]),
        ("executive", ["/executive", f"/executive/{referred}"]),
        ("legal", [f"/consultations/{asked}"]),
    ]


def in_session(made: World) -> tuple[str, str, str, str]:
    """Return a meeting with one item decided with a condition, one rejected, and one that is being voted on."""
    cases = [scenes.case(made, scenes.BOARD, scenes.HIGH) for _ in range(3)]
    for each in cases:
        scenes.opined(made, each)
    meeting, (first, second, third) = scenes.planned(made, scenes.board(made), *cases)
    scenes.in_session(made, meeting)
    scenes.voting(made, first)
    for name in ("chair", "ext1", "ext2", "int1", "int2"):
        scenes.vote(made, first, name, "for")
    scenes.decide(made, first, scenes.conditional(made))
    scenes.voting(made, second, "rejected")
    for name in ("chair", "ext1", "ext2", "int1", "int2"):
        scenes.vote(made, second, name, "for")
    scenes.decide(made, second, Verdict("rejected", "差の原因が説明されていない。"))
    scenes.voting(made, third)
    return meeting, first, second, third


def of_authors(made: World) -> Places:
    """A draft of a questionnaire with an earlier state, and a screening that a newer version has left behind."""
    behind = opened(made, registered(made))
    answered(made, behind, triggers={"T17": "yes"}, answers={"P2c": "done_evidenced"}, rate=(2, 2))
    published(made, reworked)
    with made.acting("expert") as work:
        query = select(QuestionnaireVersion).where(QuestionnaireVersion.key == "base-plan")
        newest = max(work.session.scalars(query), key=lambda row: row.published_at).id
        draft = drafts.start(work, newest)
        drafts.save(work, draft, rev=draft.rev, text=draft.text + "\n")
        draft_id = draft.id
    with made.acting("auditor", read_only=True) as work:
        change = work.session.scalars(select(DraftChange.id).where(DraftChange.draft_id == draft_id)).first()
        framework = work.session.scalars(select(FrameworkVersion.id)).first()
    base = f"/questionnaires/drafts/{draft_id}"
    rooms = ["", "/head", "/sections/P1", "/sections/new", "/questions/P1a", "/questions/P1a/remove", "/questions/new"]
    rooms += ["/translation", "/preview", "/changes", "/yaml", "/backtest", f"/history/{change}"]
    sheet = f"/questionnaires/{newest}"
    index = ["/questionnaires", "/questionnaires/new", "/questionnaires/import", "/questionnaires/behind"]
    return [
        ("owner", [f"/screenings/{behind}", f"/screenings/{behind}/move"]),
        ("expert", [*index, f"/frameworks/{framework}", *(f"{base}{rest}" for rest in rooms)]),
        ("expert", [sheet, f"{sheet}/changes", f"{sheet}/exchange"]),
    ]


def of_learning(made: World) -> Places:
    """A session in each round, one finished whose lines go somewhere, and a course that is asked for with who attended it."""
    project = registered(made)
    opened(made, project)
    held = [begun(made, scenario="crowd-forecast") for _ in range(4)]
    for number, session_id in enumerate(held, 1):
        in_round(made, session_id, number)
    done = finished(made, scenario="loan-scoring", project_id=project)
    line = on(made, done, lambda work, row: row.hazards[0].measures[0].id)
    taught = course(made, mode="warn")
    people = [made.people["member"].id]
    act(made, "secretariat", lambda work: attending.record(work, of_course(work, taught), people, date(2026, 11, 18)))
    pages = ["/learning", "/learning/scenarios/generative-assistant", "/learning/kyt/new?scenario=loan-scoring"]
    rooms = ["", "/new", f"/{taught}", f"/{taught}/edit", f"/{taught}/terms", f"/{taught}/attendances"]
    return [
        ("member", [*pages, *(f"/learning/kyt/{each}" for each in (*held, done)), f"/learning/kyt/{held[0]}/edit"]),
        ("owner", [f"/learning/kyt/{done}/lines/{line}", "/learning/mine"]),
        ("secretariat", ["/learning/overview", *(f"/learning/courses{rest}" for rest in rooms)]),
    ]


def of_erasure(made: World) -> Places:
    """A request that waits, and a legal hold."""
    project, held = registered(made), registered(made)
    wish = Wish(("project",), "contract", "契約第9条による消去", "契約が優先する")
    with made.acting("secretariat") as work:
        target = erasures.target_of(work, project)
        asked = erasures.request(work, target, wish, years=10, today=local_date(work.now)).id
    with made.acting("legal") as work:
        hold = holding.set_hold(work, erasures.target_of(work, held), "訴訟の証拠として残す").id
    rooms = ["/erasures", "/erasures/new", f"/erasures/new?target={project}", f"/erasures/{asked}", "/legal-holds"]
    return [("legal", [*rooms, f"/legal-holds/{hold}"])]


# ---------------------------------------------------------------- everybody


def in_bulk(made: World) -> str:
    """Order the reports of every case at once."""
    with made.acting("secretariat") as work:
        return bulk.order(work, bulk.Choice(), "ja", "監査部への提出").id


def of_everybody(made: World) -> Places:
    """What people have of their own, the registers and the books."""
    for kind in ("due_soon", "assigned", "returned"):
        tell(made, kind, ["owner"], registered(made))
    return [
        ("", ["/sign-in", "/verify"]),
        ("owner", ["/", "/projects", "/projects/new", "/notices", "/settings/mail"]),
        ("auditor", ["/reports", "/ledger", "/ledger/1", "/conditions"]),
        ("secretariat", ["/reports/new", *(f"/reports/new/{kind}" for kind in ("portfolio", "mapping", "form", "ledger"))]),
        ("administrator", ["/people", "/people/new", f"/people/{made.people['expert'].id}", "/notices/outbox"]),
    ]
