"""The minutes as they follow from the record of a closed meeting: nothing in these parts is written by hand.

Attendance with times, the arithmetic of every quorum, recusals with reasons, questions and answers, motions with their totals,
dissent, conditions and results (domain.md §6.2 minutes, 45 CFR 46.115). The secretariat writes only the texts between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from governance.questionnaires.definition import Framework
from governance.questionnaires.services import current_framework, framework_in
from governance.reviews import paper
from governance.reviews.body_models import CommitteeOpinion
from governance.reviews.committees import seats_on
from governance.reviews.materials import name_of, title_of
from governance.reviews.meetings import notice_of, recused_seats, room, rules_for, rules_version
from governance.reviews.models import AgendaItem, Attendance, CommitteeMember, Decision, Meeting, Vote
from governance.reviews.paper import Block, Words, entered, facts, listed, part, prose, said, section, table, worded
from governance.reviews.people import principal_of
from governance.reviews.questions import questions_of
from governance.reviews.quorum import as_record
from governance.reviews.room_models import Motion
from governance.reviews.rules import BOARD, KINDS, MOTIONS, OUTCOMES, local_date
from governance.screenings.services import framework_of
from governance.texts import Text, both, joined
from governance.work import UnitOfWork

Texts = Mapping[str, Any]
MODES = {"in_person": Text("会場", "in the room"), "remote": Text("オンライン", "online")}
SIDES = {"external": Text("外部", "External"), "internal": Text("内部", "Internal")}
ENDS = {
    "carried": Text("可決", "Carried"),
    "lost": Text("否決", "Not carried"),
    "withdrawn": Text("取下げ", "Withdrawn"),
    "lapsed": Text("採決に至らず", "Lapsed"),
    "put": Text("採決中", "Put to the vote"),
}
MET, UNMET = said("満たす", "Met"), said("満たさない", "Not met")


def compose(work: UnitOfWork, row: Meeting, texts: Texts) -> list[Block]:
    """Return the sections of the minutes: the record, with the texts of the secretariat in their places."""
    return [
        _meeting(work, row),
        _attendance(work, row),
        section(said("開会", "Opening"), prose(entered(texts.get("opening"), texts.get("opening_en")))),
        *(_item(work, item, texts.get("items", {}).get(item.id, "")) for item in row.items),
        section(said("閉会", "Closing"), prose(entered(texts.get("closing"), texts.get("closing_en")))),
    ]


def first_texts(row: Meeting) -> dict[str, Any]:
    """Return the texts a first draft begins with, from the record, in both languages; what people wrote stays as they wrote it."""
    opened, closed = paper.clock(row.opened_at), paper.clock(row.closed_at)
    seated = seats_on(row.committee, local_date(row.opened_at or row.starts_at))
    chair = next((seat.user for seat in seated if seat.is_chair), None)
    ja, en = (chair.name_in("ja"), chair.name_in("en")) if chair else ("委員長", "the chair")
    late = row.late_reason
    return {
        "opening": f"{opened}に開会した。" + (f"資料の送付が規則より遅れた理由：{late}" if late else ""),
        "opening_en": f"The meeting was opened at {opened}."
        + (f" Why the materials went out later than the rules say: {late}" if late else ""),
        "closing": f"すべての議題の結果が決まったことを確かめ、{ja}は{closed}に閉会を告げた。",
        "closing_en": f"Every item having been settled, {en} closed the meeting at {closed}.",
        "items": {item.id: item.issues for item in row.items},
    }


def _meeting(work: UnitOfWork, row: Meeting) -> Block:
    at = row.opened_at or row.starts_at
    notice, version = notice_of(row, at), rules_version(row, at).get("rules_version", "")
    return section(
        said("会議", "Meeting"),
        facts(
            (said("会議", "Meeting"), name_of(row)),
            (said("開会〜閉会", "Opened – closed"), f"{paper.at(row.opened_at)} – {paper.clock(row.closed_at)}"),
            (said("場所", "Place"), entered(row.place, row.place_en)),
            (said("オンライン", "Remote"), row.link or None),
            (said("委員会規則", "Committee rules"), said("第{v}版", "Version {v}", v=both(version))),
            (worded(notice.name), worded(notice.arithmetic)),
        ),
    )


def _attendance(work: UnitOfWork, row: Meeting) -> Block:
    spells = list(work.session.scalars(select(Attendance).where(Attendance.meeting_id == row.id)))
    seats = seats_on(row.committee, local_date(row.opened_at or row.starts_at))
    head = (said("委員", "Member"), said("内外・専門", "Side, expertise"), said("出席した時間", "Present"))
    came = {each.member_id for each in spells}
    sat = [seat for seat in seats if seat.alternate_of is None or seat.id in came]
    ordered = sorted(sat, key=lambda seat: (seat.side != "external", not seat.is_chair, seat.position))
    framework = framework_in(current_framework(work))
    return section(said("出席", "Attendance"), table(head, [_member(seat, spells, framework) for seat in ordered]))


def _member(seat: CommitteeMember, spells: Iterable[Attendance], framework: Framework) -> tuple[Words, Words, Words]:
    name = person(seat)
    if seat.is_chair:
        name = said("{name}（委員長）", "{name} (chair)", name=paper.text_of(name))
    if (absent := principal_of(seat)) is not None:
        of = paper.text_of(person(absent))
        name = said("{name}（{of}の代理）", "{name} (alternate for {of})", name=paper.text_of(name), of=of)
    fields = joined([framework.name_of("expertise", code) for code in seat.expertise], "、", ", ")
    side = SIDES[seat.side]
    about = {"ja": f"{side.ja}　{fields.ja}", "en": f"{side.en}, {fields.en}"}
    there = [each for each in sorted(spells, key=lambda each: each.arrived_at) if each.member_id == seat.id]
    if not there:
        return name, about, said("欠席", "Absent")
    times = [(paper.clock(each.arrived_at), paper.clock(each.left_at), MODES[each.mode]) for each in there]
    ja = "、".join(f"{since}–{until}（{mode.ja}）" for since, until, mode in times)
    en = "; ".join(f"{since}–{until} ({mode.en})" for since, until, mode in times)
    return name, about, {"ja": ja, "en": en}


def person(seat: CommitteeMember) -> Words:
    """Return the name of who holds a seat."""
    return entered(seat.user.name, seat.user.name_en)


# long: one part of the record after the other
def _item(work: UnitOfWork, item: AgendaItem, text: str) -> Block:
    phase = framework_of(item.screening).phase(item.screening.phase)
    since, until = paper.clock(item.opened_at), paper.clock(item.settled_at)
    return section(
        said("議題{n}　{name}", "Item {n}: {name}", n=item.position, name=paper.text_of(title_of(item))),
        facts(
            (said("案件番号・版", "Number, revision"), f"{item.screening.project.number} / {item.snapshot.revision}"),
            (said("フェーズ", "Phase"), worded(phase.name)),
            (said("写しのダイジェスト", "Digest of the snapshot"), item.snapshot.digest),
            (
                said("審議した時間", "Deliberated"),
                f"{since}–{until}" if item.opened_at else said("審議せず", "Not opened"),
            ),
        ),
        part(said("定足数と出席の要件", "Quorum and rules of presence"), _quorum(work, item)),
        part(said("退席（利益相反）", "Recusals"), _recusals(item)),
        part(said("質疑応答", "Questions and answers"), _questions(work, item)),
        part(said("審議の要旨", "Deliberation"), prose(text or None)),
        part(said("採決", "Votes"), *_motions(work, item)),
        part(said("少数意見・意見", "Dissent"), listed(_dissents(work, item))),
        part(said("結果", "Result"), *_result(work, item)),
        item=item.id,
    )


def _quorum(work: UnitOfWork, item: AgendaItem) -> Block:
    figures = _figures(work, item)
    head = (said("規則", "Rule"), said("計算", "Arithmetic"), said("結果", "Result"))
    rows = [(each["name"], each["arithmetic"], MET if each["met"] else UNMET) for each in figures.get("checks", [])]
    return table(head, rows)


def _figures(work: UnitOfWork, item: AgendaItem) -> Mapping[str, Any]:
    """Return the figures kept with the result; for a deferred item those of the moment it was deferred."""
    settled = decided_as(work, item)
    if settled is not None:
        return settled.quorum
    carried = _carried(item)
    if carried is not None:
        return carried.figures
    there, recused = room(work, item.meeting), recused_seats(work, item)
    return as_record(there.count(recused, item.settled_at)) if item.settled_at else {}


def decided_as(work: UnitOfWork, item: AgendaItem) -> Decision | CommitteeOpinion | None:
    """Return the decision or opinion that an item led to."""
    decision = work.session.scalars(
        select(Decision).where(Decision.item_id == item.id, Decision.body == BOARD)
    ).one_or_none()
    if decision is not None and decision.quorum:
        return decision
    query = select(CommitteeOpinion).where(CommitteeOpinion.item_id == item.id)
    return work.session.scalars(query).one_or_none() or decision


def _recusals(item: AgendaItem) -> Block:
    head = (said("委員", "Member"), said("時刻", "Time"), said("理由", "Reason"))
    ordered = sorted(item.recusals, key=lambda each: each.declared_at)
    return table(head, [(person(each.member), paper.clock(each.declared_at), each.reason) for each in ordered])


def _questions(work: UnitOfWork, item: AgendaItem) -> Block:
    head = (said("番号", "No."), said("質問", "Question"), said("回答", "Answer"))
    return table(head, [(f"Q{each.number}", each.text, each.answer or None) for each in questions_of(work, item)])


def _motions(work: UnitOfWork, item: AgendaItem) -> list[Block]:
    head = (said("回", "No."), said("採決した結果", "Motion"), said("結果", "Result"), said("票", "Votes"))
    rows = [
        (str(each.number), worded(MOTIONS[each.outcome]), worded(ENDS[each.state]), _votes(each))
        for each in item.motions
    ]
    if not item.motions and item.motion:
        rows = [("1", worded(OUTCOMES[item.motion]), None, _totals(_figures(work, item)))]
    return [table(head, rows)]


def _votes(motion: Motion) -> Words:
    if motion.state in ("carried", "lost"):
        return _totals(motion.figures)
    return motion.reason or None


def _totals(figures: Mapping[str, Any]) -> Words:
    if "votes_for" not in figures:
        return None
    return said(
        "賛成{f}、反対{a}、棄権{x}（必要{need}）",
        "{f} for, {a} against, {x} abstaining ({need} needed)",
        f=figures["votes_for"],
        a=figures["against"],
        x=figures["abstain"],
        need=figures["need_for"],
    )


def _dissents(work: UnitOfWork, item: AgendaItem) -> Sequence[Words]:
    """Return dissenting opinions in full, without names and in no order that would tell whose they are."""
    numbers = {each.number for each in item.motions} | {item.motion_number}
    query = select(Vote.dissent).where(
        Vote.item_id == item.id,
        Vote.dissent != "",
        Vote.motion_number.in_(numbers),
        Vote.member_id.not_in(recused_seats(work, item)),
    )
    return sorted(work.session.scalars(query))


def _result(work: UnitOfWork, item: AgendaItem) -> list[Block]:
    found = decided_as(work, item)
    if item.waivers:
        return _waiver(work, item)
    if found is None:
        return [
            facts(
                (said("結果", "Result"), worded(OUTCOMES["deferred"])),
                (said("理由", "Reason"), item.deferral_reason or None),
            )
        ]
    kind = (
        said("審査結果", "Decision")
        if isinstance(found, Decision)
        else said("意見（執行側の決定を待つ）", "Opinion; the executive decides")
    )
    until = found.valid_until.isoformat() if isinstance(found, Decision) and found.valid_until else None
    rows = [(kind, worded(OUTCOMES[found.outcome])), (said("理由", "Reason"), found.rationale)]
    rows += [(said("有効期限", "Valid until"), until)] if until else []
    rows += [(said("付議先", "Escalated to"), found.escalated_to)] if found.escalated_to else []
    conditions = _conditions(item)
    return [facts(*rows), *([part(said("付帯条件", "Conditions"), conditions)] if conditions["rows"] else [])]


def _conditions(item: AgendaItem) -> Block:
    """Return the conditions that were put to the vote with the motion that carried."""
    carried = _carried(item)
    head = (said("条件", "Condition"), said("種類", "Kind"), said("期限", "Due"))
    rows = [
        (entered(each["text"], each["text_en"]), worded(KINDS[each["kind"]]), each["due_on"])
        for each in (carried.conditions if carried else [])
    ]
    return table(head, rows)


def _carried(item: AgendaItem) -> Motion | None:
    return next((each for each in item.motions if each.state == "carried"), None)


def _waiver(work: UnitOfWork, item: AgendaItem) -> list[Block]:
    """Return what became of conditions that were to be waived: waived, advised to the executive, or left standing."""
    carried = _carried(item)
    advisory = rules_for(item.meeting, work.now).authority != "deciding"
    done = said("免除が適当との意見", "Advised to waive") if advisory else said("免除", "Waived")
    head = (said("条件", "Condition"), said("免除を求める理由", "Why it should be waived"), said("結果", "Result"))
    stays = said("免除せず（条件は残る）", "Not waived; the condition stands")
    rows = [
        (
            entered(each.condition.text, each.condition.text_en),
            each.reason,
            done if carried and each.motion_number == carried.number else stays,
        )
        for each in item.waivers
    ]
    why = (carried.reason if carried else item.deferral_reason) or None
    return [table(head, rows), facts((said("理由", "Reason"), why))]
