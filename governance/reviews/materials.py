"""The materials of a meeting: agenda and a summary of every case, frozen with their digest when they are sent.

What the members get to read is composed once, from the snapshots on the agenda, and never composed again: the page of the materials
and the board pack show exactly what was sent (domain.md §6.3 agenda notice, assurance.md T1).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import rfc8785
from sqlalchemy import select

from governance.refusals import Refusal
from governance.reviews import consulting, paper, precedents
from governance.reviews.committee import RuleCheck
from governance.reviews.decisions import basis_snapshot
from governance.reviews.models import AgendaItem, Condition, Decision, Meeting, Review, Waiver
from governance.reviews.paper import Block, Words, entered, facts, listed, part, prose, said, section, table, worded
from governance.reviews.room_models import Materials
from governance.reviews.rules import CONDITION_STATES, KINDS, OUTCOMES, SETTLED, local_date
from governance.screenings import explain
from governance.screenings.loading import Filled, load
from governance.screenings.models import Screening
from governance.screenings.services import framework_of
from governance.texts import joined
from governance.work import UnitOfWork

SCHEMA = "governance.meeting.materials/1"
NONE = said("なし", "None")


def sent_materials(work: UnitOfWork, row: Meeting) -> Materials | None:
    """Return what was sent, or None before."""
    return work.session.scalars(select(Materials).where(Materials.meeting_id == row.id)).one_or_none()


def content_of(found: Materials) -> dict[str, Any]:
    """Return the frozen content; refuse when it no longer fits its digest."""
    if hashlib.sha256(found.body.encode()).hexdigest() != found.digest:
        raise Refusal(
            "reviews.materials_changed",
            "送付した資料の記録が改ざんされています。監査台帳を検証してください。",
            "The record of what was sent was changed. Verify the ledger.",
        )
    return json.loads(found.body)  # type: ignore[no-any-return]


def freeze(work: UnitOfWork, row: Meeting, notice: RuleCheck) -> Materials:
    """Compose the materials and keep them with their digest. Refused when a snapshot on the agenda is not the newest any more."""
    for item in row.items:
        if not item.waivers and basis_snapshot(work, item.screening).id != item.snapshot_id:
            raise Refusal(
                "reviews.stale_item",
                "議題{n}の案件は、議題に加えた後で改訂されました。この会議の資料にはできません。",
                "Item {n} was revised after it was put on the agenda and cannot be part of these materials.",
                n=item.position,
            )
    body = rfc8785.dumps(compose(work, row, notice)).decode()
    found = Materials(
        meeting_id=row.id,
        body=body,
        digest=hashlib.sha256(body.encode()).hexdigest(),
        sent_by=work.actor.id,
        sent_at=work.now,
    )
    work.session.add(found)
    work.session.flush()
    return found


def compose(work: UnitOfWork, row: Meeting, notice: RuleCheck) -> dict[str, Any]:
    """Return the materials as they would be sent now: also what the secretariat looks through before sending."""
    return {
        "schema": SCHEMA,
        "meeting": row.id,
        "title": said("会議資料", "Meeting materials"),
        "subject": name_of(row),
        "items": [{"item": item.id, "snapshot": item.snapshot.digest} for item in row.items],
        "sections": [
            _agenda(row, notice),
            *(_waiver(work, item) if item.waivers else _case(work, item) for item in row.items),
        ],
    }


def name_of(row: Meeting) -> Words:
    """Return how a meeting is called."""
    names = {"c": row.committee.name, "e": row.committee.name_en or row.committee.name}
    values = {"y": row.fiscal_year, "n": row.number}
    return {
        "ja": "{c} {y}年度第{n}回".format(**names, **values),
        "en": "{e}, meeting {n} of fiscal year {y}".format(**names, **values),
    }


def project_name(item: AgendaItem) -> Words:
    """Return the name of the project of an item."""
    return entered(item.screening.project.name, item.screening.project.name_en)


def title_of(item: AgendaItem) -> Words:
    """Return what an item is about: its case, or conditions of it that are to be waived."""
    name = project_name(item)
    return (
        said("{name}（条件の免除）", "{name} (waiver of conditions)", name=paper.text_of(name))
        if item.waivers
        else name
    )


# long: one line per fact
def _agenda(row: Meeting, notice: RuleCheck) -> Block:
    head = (
        said("議題", "Item"),
        said("案件番号", "Number"),
        said("案件", "Project"),
        said("フェーズ", "Phase"),
        said("写しのダイジェスト", "Digest of the snapshot"),
    )
    lines = [
        (
            str(item.position),
            item.screening.project.number,
            title_of(item),
            worded(framework_of(item.screening).phase(item.screening.phase).name),
            item.snapshot.digest[:16],
        )
        for item in row.items
    ]
    return section(
        said("会議と議題", "Meeting and agenda"),
        facts(
            (said("日時", "Time"), paper.at(row.starts_at)),
            (said("場所", "Place"), entered(row.place, row.place_en)),
            (said("オンライン", "Remote"), row.link or None),
            (worded(notice.name), worded(notice.arithmetic)),
        ),
        table(head, lines),
    )


# long: one block per part of the summary
def _case(work: UnitOfWork, item: AgendaItem) -> Block:
    """Return the summary of one case: level and why, triggers, open gates, opinion, precedents, open conditions."""
    screening, project = item.screening, item.screening.project
    filled = load(work.session, screening)
    framework, score = filled.sheet.framework, filled.score
    topics = {question.key: question.topic for each in filled.sheet.questionnaires for _, question in each.questions()}
    stops = [explain.stop_reason(framework, stop)[0] for stop in score.stops]
    gates = [
        said("{key} {topic}", "{key} {topic}", key=key, topic=topics[key])
        for each in score.items
        for key in each.gates_open
        if key in topics
    ]
    fired = [(effect.id, explain.effect_of(framework, effect)) for effect in framework.effects if effect.id in score.fired]
    return section(
        said("議題{n}　{name}", "Item {n}: {name}", n=item.position, name=paper.text_of(project_name(item))),
        prose(entered(project.summary, project.summary_en)),
        facts(
            (said("案件番号・版", "Number, revision"), f"{project.number} / {item.snapshot.revision}"),
            (said("フェーズ", "Phase"), worded(framework.phase(screening.phase).name)),
            (said("経路", "Route"), worded(framework.route(score.route).name)),
            (said("固有リスク → 残余リスク", "Inherent → residual risk"), _levels(filled)),
            (said("停止事由", "Hard stops"), worded(joined(stops, "、", "; ")) if stops else NONE),
        ),
        part(said("リスクと、その理由", "Risk, and why"), _items(filled)),
        part(
            said("該当した判定項目と経路の理由", "Triggers and why this route"),
            listed(
                [
                    *(worded(each) for each in explain.route_reasons(framework, score, topics, filled.values)),
                    *(said("{id}：{what}", "{id}: {what}", id=id, what=each) for id, each in fired if each.ja),
                ]
            ),
        ),
        part(said("満たしていない必須（★）", "Open gates (★)"), listed(gates)),
        part(said("専門チームの意見", "Opinion of the expert team"), *_opinion(work, item)),
        part(said("機関の意見", "Opinions of bodies"), _consulted(work, item)),
        part(said("似た案件の前例", "Precedents"), _precedents(work, item)),
        part(said("この案件の未完了の条件", "Open conditions of this project"), _conditions(work, screening)),
        item=item.id,
        new=True,
    )


def _waiver(work: UnitOfWork, item: AgendaItem) -> Block:
    """Return what the members read of conditions to be waived: each with its reason, the decision it came with, who owns it."""
    return section(
        said("議題{n}　{name}", "Item {n}: {name}", n=item.position, name=paper.text_of(title_of(item))),
        *(_waived(each) for each in item.waivers),
        part(said("この案件の未完了の条件", "Open conditions of this project"), _conditions(work, item.screening)),
        item=item.id,
        new=True,
    )


def _waived(each: Waiver) -> Block:
    row = each.condition
    return part(
        said("免除を求める条件 C-{n}", "Condition to be waived: C-{n}", n=row.number),
        prose(entered(row.text, row.text_en)),
        facts(
            (said("審査結果", "Decision"), worded(OUTCOMES[row.decision.outcome])),
            (said("決定日", "Decided on"), local_date(row.decision.decided_at).isoformat()),
            (said("種類", "Kind"), worded(KINDS[row.kind])),
            (said("期限", "Due"), row.due_on.isoformat()),
            (said("状態", "State"), worded(CONDITION_STATES[row.state])),
            (said("担当", "Owner"), entered(row.owner.name, row.owner.name_en)),
            (said("免除を求める理由", "Why it should be waived"), each.reason),
        ),
    )


def _levels(filled: Filled) -> Words:
    framework, score = filled.sheet.framework, filled.score
    before, after = (paper.text_of(paper.level_name(framework, rank)) for rank in (score.inherent, score.residual))
    return said("{a} → {b}", "{a} → {b}", a=before, b=after)


def _items(filled: Filled) -> Block:
    framework = filled.sheet.framework
    head = (said("実践項目", "Item"), said("固有", "Inherent"), said("残余", "Residual"), said("理由", "Why"))
    rows = [
        (
            worded(framework.item(each.item).name),
            paper.level_name(framework, each.inherent),
            paper.level_name(framework, each.residual),
            worded(explain.verdict(framework, each)),
        )
        for each in filled.score.items
    ]
    return table(head, rows)


def _opinion(work: UnitOfWork, item: AgendaItem) -> Iterator[Block]:
    wanted = (Review.screening_id == item.screening_id, Review.revision == item.snapshot.revision)
    review = work.session.scalars(select(Review).where(*wanted)).one_or_none()
    if review is None or not review.opinion:
        yield prose(None)
        return
    advice = worded(OUTCOMES[review.recommendation]) if review.recommendation else None
    yield facts((said("勧告", "Recommendation"), advice), (said("日付", "Date"), paper.at(review.finished_at)))
    yield prose(review.opinion)
    points = (said("主なリスク", "Main risks"), review.risks), (said("残る論点", "Open points"), review.open_points)
    yield from (part(label, prose(text)) for label, text in points if text)


def _consulted(work: UnitOfWork, item: AgendaItem) -> Block:
    """Return what bodies were asked about the revision on the agenda, and what they said (domain.md §1.4)."""
    framework = framework_of(item.screening)
    head = (
        said("機関", "Body"),
        said("照会した内容", "What it was asked"),
        said("結論", "Conclusion"),
        said("意見", "Opinion"),
    )
    waits = said("回答待ち", "Not answered yet")
    rows = [
        (
            worded(framework.name_of("bodies", each.body)),
            each.question,
            worded(consulting.STANCES[each.opinion.stance]) if each.opinion else waits,
            each.opinion.text if each.opinion else None,
        )
        for each in consulting.consultations_of(work, item.screening)
        if each.revision <= item.snapshot.revision
    ]
    return table(head, rows)


def _precedents(work: UnitOfWork, item: AgendaItem) -> Block:
    head = (
        said("案件番号", "Number"),
        said("審査結果", "Outcome"),
        said("似ている点", "Alike in"),
        said("条件・少数意見", "Conditions, dissent"),
    )
    found = precedents.for_board(work, item.screening, item.meeting.committee, 3)
    rows = [
        (
            each.number,
            worded(OUTCOMES[each.decision.outcome]),
            worded(each.why),
            "／".join([*(condition.text for condition in each.conditions), *each.dissents]) or None,
        )
        for each in found
    ]
    return table(head, rows)


def _conditions(work: UnitOfWork, screening: Screening) -> Block:
    head = (said("条件", "Condition"), said("期限", "Due"), said("状態", "State"))
    query = select(Condition).join(Decision).join(Screening, Decision.screening_id == Screening.id)
    query = query.where(Screening.project_id == screening.project_id, Condition.state.not_in(sorted(SETTLED)))
    rows = [
        (entered(each.text, each.text_en), each.due_on.isoformat(), worded(CONDITION_STATES[each.state]))
        for each in work.session.scalars(query.order_by(Condition.due_on, Condition.id))
    ]
    return table(head, rows)
