"""One case with a row in every governed table, written straight through units of work: the material of the attacks."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, date, datetime

from governance.accounts.models import RoleGrant, User
from governance.discussions.models import Comment, CommentCorrection, Delegation, Mention, Thread
from governance.learning.models import Course, CourseTerms, KytRecord, KytSession, TrainingRecord
from governance.lessons.models import KytPromotion
from governance.monitoring.models import (
    Alert,
    Incident,
    IncidentChange,
    IncidentDuty,
    IncidentLink,
    Indicator,
    IndicatorBand,
    Reading,
    ReadingBatch,
    ReadingKey,
)
from governance.projects.models import (
    Disposal,
    Erasure,
    Evidence,
    LegalHold,
    LifeAct,
    Project,
    ProjectMember,
    ProjectReader,
)
from governance.questionnaires.models import (
    DraftChange,
    FrameworkVersion,
    QuestionnaireDraft,
    QuestionnaireRetirement,
    QuestionnaireVersion,
)
from governance.reports.models import Paper, Report, ReportAnnulment
from governance.reviews.amendment_models import Amendment, Appeal
from governance.reviews.body_models import BodyMember, BodyOpinion, CommitteeOpinion, Consultation
from governance.reviews.circulation_models import Circulation, CirculationVote
from governance.reviews.desk_models import (
    Assignment,
    CaseDiscussion,
    Challenge,
    CheckResult,
    Citation,
    LightSample,
    SamplingShare,
)
from governance.reviews.models import (
    AgendaItem,
    Attendance,
    Committee,
    CommitteeMember,
    CommitteeRuleVersion,
    Condition,
    Decision,
    Meeting,
    Recusal,
    Review,
    Vote,
    Waiver,
)
from governance.reviews.room_models import ItemQuestion, Materials, MinutesApproval, MinutesVersion, Motion
from governance.screenings.models import (
    AdoptedMeasure,
    Answer,
    AnswerChange,
    AnswerCopy,
    AnswerEvidence,
    ItemRating,
    Reassessment,
    Ruling,
    Screening,
    ScreeningMove,
    ScreeningQuestionnaire,
    Snapshot,
    SnapshotText,
)
from governance.storage.database import Database
from governance.work import SYSTEM, UnitOfWork, open_work

AT = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
SALT = b"s" * 32
REMARK = "補足の文章"
COMMITMENT = {"commitment": hmac.digest(SALT, REMARK.encode(), "sha256").hex()}
BODY = json.dumps({"answers": [{"remark": COMMITMENT}]})


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def person(work: UnitOfWork, name: str, role: str) -> User:
    user = User(id=f"u-{name}", email=f"{name}@test.example", name=name, created_at=work.now)
    work.session.add(user)
    work.session.add(RoleGrant(id=f"grant-{name}", user=user, role=role, granted_at=work.now))
    work.record("AccountCreated", subject=("account", user.id), private={"name": f"見本 {name}"})
    return user


def publish(work: UnitOfWork) -> None:
    work.session.add(
        FrameworkVersion(
            id="f-1", key="sample", version="1.0", effective_on=date(2026, 4, 1), body="{}", digest=sha("{}"),
            published_at=work.now,
        )
    )  # fmt: skip
    work.record("FrameworkPublished", subject=("framework", "f-1"), refs={"body": sha("{}")})
    work.session.add(
        QuestionnaireVersion(
            id="q-1", key="base", version="1.0", kind="screening", framework_key="sample", phase="P", title_ja="質問",
            body="[]", digest=sha("[]"), published_at=work.now,
        )
    )  # fmt: skip
    work.record("QuestionnairePublished", subject=("questionnaire", "q-1"))


def retire(work: UnitOfWork) -> None:
    work.session.add(
        QuestionnaireDraft(
            id="qd-1", key="base", kind="questionnaire", based_on="q-1", text="key: base", state="published",
            created_at=work.now, changed_at=work.now,
        )
    )  # fmt: skip
    work.session.flush()
    work.session.add(
        DraftChange(id="dc-1", draft_id="qd-1", number=1, text="key: base", digest=sha("b"), changed_at=work.now)
    )
    work.session.add(QuestionnaireRetirement(id="qr-1", version_id="q-1", reason="古い", retired_at=work.now))
    work.record("QuestionnaireRetired", subject=("questionnaire", "q-1"))


def register(work: UnitOfWork) -> None:
    work.session.add(
        Project(
            id="p-1", number="AI-2026-001", name="架空の案件", framework_key="sample", sector="industry",
            regions=["japan", "eu"], own_roles=["developer"], techniques=[], created_by="u-owner", created_at=work.now,
        )
    )  # fmt: skip
    work.session.add(ProjectMember(id="pm-1", project_id="p-1", user_id="u-owner", part="owner", joined_at=work.now))
    work.record("ProjectRegistered", subject=("project", "p-1"), project="p-1", private={"name": "架空の案件"})
    work.session.add(
        Evidence(
            id="e-1", project_id="p-1", kind="link", title="試験の記録", url="https://wiki.example/1", digest=sha("1"),
            added_by="u-owner", added_at=work.now,
        )
    )  # fmt: skip
    work.record("EvidenceAdded", subject=("evidence", "e-1"), project="p-1")


def draft(work: UnitOfWork) -> None:
    who = {"author_id": "u-owner", "saved_at": work.now}
    work.session.add(
        Screening(
            id="s-1", project_id="p-1", phase="P", framework_id="f-1", opened_by="u-owner", opened_at=work.now,
            changed_at=work.now,
        )
    )  # fmt: skip
    work.record("ScreeningOpened", subject=("screening", "s-1"), project="p-1")
    work.session.add_all(
        [
            ScreeningQuestionnaire(id="sq-1", screening_id="s-1", questionnaire_id="q-1", position=1),
            Answer(id="a-1", screening_id="s-1", question_key="P1a", value="done", **who),
            AnswerChange(id="ac-1", screening_id="s-1", question_key="P1a", revision=1, body="{}", **who),
            ItemRating(id="ir-1", screening_id="s-1", item="safety", severity=2, likelihood=1, **who),
            AnswerEvidence(
                screening_id="s-1", question_key="P1a", evidence_id="e-1", attached_by="u-owner", attached_at=work.now
            ),
        ]
    )


def discuss(work: UnitOfWork) -> None:
    """Say something about a question, correct it, and hand the question on: part of drafting, anchored with the submission."""
    work.session.add(
        Thread(
            id="th-1", project_id="p-1", screening_id="s-1", place="P1a", kind="remark", state="open", revision=1,
            opened_by="u-expert", opened_at=work.now, changed_at=work.now,
        )
    )  # fmt: skip
    work.session.flush()
    work.session.add(
        Comment(
            id="cmt-1", thread_id="th-1", author_id="u-expert", text="試験の記録を", written_at=work.now,
            corrected_at=work.now,
        )
    )  # fmt: skip
    work.session.flush()
    work.session.add_all(
        [
            CommentCorrection(id="cc-1", comment_id="cmt-1", text="試験を", replaced_at=work.now),
            Mention(id="mn-1", comment_id="cmt-1", user_id="u-expert"),
            Delegation(
                id="dg-1", project_id="p-1", screening_id="s-1", place="P1a", person_id="u-owner", state="open",
                given_by="u-owner", given_at=work.now, changed_at=work.now,
            ),
        ]
    )  # fmt: skip
    work.session.flush()


def submit(work: UnitOfWork) -> None:
    discuss(work)
    row = work.session.get_one(Screening, "s-1")
    row.state, row.route, row.inherent, row.residual = "submitted", "board", 3, 2
    row.submitted_by, row.submitted_at = "u-owner", work.now
    work.session.add(
        Snapshot(
            id="sn-1", screening_id="s-1", revision=1, stage="submitted", body=BODY, digest=sha(BODY),
            created_by="u-owner", created_at=work.now,
        )
    )  # fmt: skip
    work.session.flush()
    work.session.add(SnapshotText(snapshot_id="sn-1", path="/answers/0/remark", salt=SALT, value=REMARK))
    work.record("ScreeningSubmitted", subject=("screening", "s-1"), project="p-1", refs={"snapshot": sha(BODY)})


def check(work: UnitOfWork) -> None:
    work.session.add(
        Review(
            id="r-1", screening_id="s-1", revision=1, reviewer_id="u-expert", state="checked", opinion="妥当",
            recommendation="approved", snapshot_id="sn-1", started_at=work.now, finished_at=work.now,
        )
    )  # fmt: skip
    work.session.add(
        Ruling(
            id="ru-1", screening_id="s-1", revision=1, kind="route", target="route", outcome="board", reason="影響が大きい",
            ruled_by="u-expert", ruled_at=work.now,
        )
    )  # fmt: skip
    work.session.add(
        AdoptedMeasure(
            id="me-1", project_id="p-1", screening_id="s-1", code="", question_key="P1a", title_ja="窓口を設ける",
            title_en="", owner_id="u-owner", due_on=date(2026, 12, 11), state="planned", note="", created_by="u-owner",
            created_at=work.now,
        )
    )  # fmt: skip
    work.session.add(
        ScreeningMove(
            id="sm-1", screening_id="s-1", from_framework="f-1", to_framework="f-1", from_versions=["q-1"],
            to_versions=["q-1"], undo={"marked": []}, moved_by="u-owner", moved_at=work.now,
        )
    )  # fmt: skip
    work.session.add_all(
        [
            Reassessment(
                id="ra-1", screening_id="s-1", reasons=["incident"], note="事故の後", source="incident", subject="in-1",
                opened_by="u-owner", opened_at=work.now,
            ),
            AnswerCopy(
                id="cp-1", screening_id="s-1", source_id="s-1", keys=["P1a"], items=[], copied_by="u-owner",
                copied_at=work.now,
            ),
            LifeAct(
                id="la-1", project_id="p-1", number=1, act="retired", reason="役目を終えた", office="owner",
                acted_by="u-owner", acted_at=work.now,
            ),
        ]
    )  # fmt: skip
    work.session.flush()
    work.session.add(
        Disposal(
            id="di-1", project_id="p-1", act_id="la-1", data="消去した", models="消去した", access="停止した",
            customers="顧客はいない", records="5年残す", not_applicable=["customers"], records_until=date(2031, 11, 20),
            done_by="見本 太郎", done_on=date(2026, 11, 20), recorded_by="u-owner", recorded_at=work.now,
        )
    )  # fmt: skip
    at_the_desk(work)
    work.session.get_one(Screening, "s-1").state = "board_queued"
    work.record("OpinionGiven", subject=("screening", "s-1"), project="p-1", refs={"snapshot": sha(BODY)})


def at_the_desk(work: UnitOfWork) -> None:
    """Assign, check, challenge, discuss."""
    work.session.add_all(
        [
            Assignment(
                id="as-1", screening_id="s-1", revision=1, number=1, reviewer_id="u-expert", assigned_by="u-expert",
                assigned_at=work.now,
            ),
            CheckResult(
                id="ck-1", review_id="r-1", item="evidence", number=1, outcome="met", note="見た", settled_by="u-expert",
                settled_at=work.now,
            ),
            Challenge(
                id="ch-1", screening_id="s-1", revision=1, number=1, kind="answer", target="P1a", original="done",
                proposed="partial", reason="記録がない", raised_by="u-expert", raised_at=work.now,
            ),
            CaseDiscussion(
                id="cd-1", review_id="r-1", number=1, topic="代わりの手段", opened_by="u-expert", opened_at=work.now,
            ),
        ]
    )  # fmt: skip
    work.session.flush()


def sample(work: UnitOfWork) -> None:
    """Cite the decision, set the share and look at the decision again: part of deciding."""
    work.session.add_all(
        [
            Citation(
                id="ct-1", screening_id="s-1", revision=1, cited_id="d-1", note="同じ用途", cited_by="u-expert",
                cited_at=work.now,
            ),
            SamplingShare(
                id="sh-1", number=1, percent=20, effective_on=date(2026, 4, 1), reason="初めの割合", set_by="u-expert",
                set_at=work.now,
            ),
            LightSample(
                id="ls-1", decision_id="d-1", percent=20, result="agree", note="同じ判断", checked_by="u-expert",
                checked_at=work.now,
            ),
        ]
    )  # fmt: skip
    work.session.flush()


def seat(work: UnitOfWork) -> None:
    work.session.add(
        Committee(
            id="c-1", key="board", name="委員会", rules={"min_members": 5, "quorum_share": "1/2"}, rules_version="1",
            rules_effective_on=date(2026, 4, 1),
        )
    )  # fmt: skip
    work.session.flush()
    work.session.add(
        CommitteeMember(
            id="cm-1", committee_id="c-1", user_id="u-external", side="external", expertise=["lay"], is_chair=True,
            term_from=date(2026, 4, 1),
        )
    )  # fmt: skip
    work.session.add(
        CommitteeRuleVersion(
            id="crv-1", committee_id="c-1", number=1, version="2", rules={"min_members": 7}, effective_on=date(2026, 12, 1),
            reason="委員を増やす", adopted_by="u-expert", adopted_at=work.now,
        )
    )  # fmt: skip
    work.record("CommitteeCreated", subject=("committee", "c-1"))


def meet(work: UnitOfWork) -> None:
    work.session.add(
        Meeting(
            id="m-1", committee_id="c-1", fiscal_year=2026, number=1, starts_at=AT, state="open", planned_by="u-expert"
        )
    )
    work.session.flush()
    work.session.add(AgendaItem(id="i-1", meeting_id="m-1", position=1, screening_id="s-1", snapshot_id="sn-1"))
    work.session.add(Attendance(id="at-1", meeting_id="m-1", member_id="cm-1", mode="remote", arrived_at=work.now))
    work.session.add(
        ProjectReader(id="pr-1", project_id="p-1", user_id="u-external", reason="agenda", granted_at=work.now)
    )
    work.record("MeetingOpened", subject=("meeting", "m-1"))
    work.session.add(
        Recusal(
            id="re-1",
            item_id="i-1",
            member_id="cm-1",
            reason="同じ部門",
            declared_by="u-external",
            declared_at=work.now,
        )
    )
    work.session.add(Vote(id="v-1", item_id="i-1", member_id="cm-1", motion="approved", choice="for", cast_at=work.now))
    deliberate(work)
    work.record("VoteCast", subject=("vote", "v-1"), project="p-1")


def deliberate(work: UnitOfWork) -> None:
    """What else a meeting leaves: what was sent, a motion, a question, minutes with an approval, a paper."""
    work.session.add(
        Motion(
            id="mo-1", item_id="i-1", number=1, outcome="approved", conditions=[], digest=sha("motion"), figures={},
            put_by="u-expert", put_at=work.now,
        )
    )  # fmt: skip
    work.session.add(
        ItemQuestion(
            id="iq-1", item_id="i-1", number=1, text="保存期間は何日か", asked_by="u-external", recorded_by="u-external",
            asked_at=work.now,
        )
    )  # fmt: skip
    work.session.add(
        Materials(
            id="mm-1", meeting_id="m-1", body='{"items":[]}', digest=sha('{"items":[]}'), sent_by="u-expert",
            sent_at=work.now,
        )
    )  # fmt: skip
    work.session.add(
        MinutesVersion(
            id="mv-1", meeting_id="m-1", number=1, body='{"texts":{}}', digest=sha('{"texts":{}}'), written_by="u-expert",
            written_at=work.now,
        )
    )  # fmt: skip
    work.session.flush()
    work.session.add(
        MinutesApproval(id="ma-1", version_id="mv-1", office="chair", approved_by="u-external", approved_at=work.now)
    )
    work.session.add(
        Paper(
            id="pa-1", number="AIG-R2-2026-0001", kind="minutes", lang="ja", meeting_id="m-1", source_id="mv-1",
            items=["i-1"], record_digest=sha("r"), file_digest=sha("f"), size=1, pages=1, issued_by="u-expert",
            issued_at=work.now,
        )
    )  # fmt: skip

def decide(work: UnitOfWork) -> None:
    work.session.add(
        Decision(
            id="d-1", screening_id="s-1", revision=1, snapshot_id="sn-1", snapshot_digest=sha(BODY), body="board",
            item_id="i-1", outcome="approved_with_conditions", rationale="条件を満たす", quorum={"need": 3, "present": 4},
            valid_until=date(2027, 11, 20), decided_by="u-external", decided_at=work.now,
        )
    )  # fmt: skip
    work.session.flush()
    work.session.add(
        Condition(
            id="co-1", decision_id="d-1", number=1, text="監視を行う", kind="pre_launch", owner_id="u-owner",
            verifier_id="u-expert", due_on=date(2027, 1, 29),
        )
    )  # fmt: skip
    sample(work)
    work.session.add(
        Waiver(id="wa-1", item_id="i-1", condition_id="co-1", reason="機能を外した", asked_by="u-expert", asked_at=work.now)
    )
    work.session.add_all(
        [
            CommitteeOpinion(
                id="cop-1", screening_id="s-1", revision=1, item_id="i-1", snapshot_id="sn-1", snapshot_digest=sha(BODY),
                authority="advisory", outcome="rejected", rationale="危険", conditions={"list": []}, quorum={"need": 3},
                votes_digest=sha("v"), recorded_by="u-expert", recorded_at=work.now,
            ),
            BodyMember(
                id="bm-1", framework_key="sample", body="privacy", user_id="u-expert", added_by="u-owner", added_at=work.now,
            ),
            Consultation(
                id="cn-1", screening_id="s-1", revision=1, body="privacy", question="適法か", asked_by="u-expert",
                asked_at=work.now,
            ),
        ]
    )  # fmt: skip
    work.session.flush()
    work.session.add(
        Circulation(
            id="ci-1", committee_id="c-1", screening_id="s-1", revision=1, snapshot_id="sn-1", outcome="approved",
            rationale="軽微", conditions={"list": []}, member_ids=["cm-1"], closes_on=date(2026, 12, 1), state="open",
            rules_version="1", started_by="u-expert", started_at=work.now,
        )
    )  # fmt: skip
    work.session.flush()
    work.session.add(
        CirculationVote(id="cv-1", circulation_id="ci-1", member_id="cm-1", choice="agree", cast_at=work.now)
    )
    work.session.add(
        BodyOpinion(
            id="bo-1", consultation_id="cn-1", stance="concern", text="懸念がある", snapshot_id="sn-1", given_by="u-expert",
            given_at=work.now,
        )
    )  # fmt: skip
    work.session.get_one(Screening, "s-1").state = "approved_with_conditions"
    work.record("DecisionRecorded", subject=("decision", "d-1"), project="p-1", private={"rationale": "条件を満たす"})
    work.session.add(
        Report(
            id="rp-1", number="R-1", kind="audit", lang="ja", project_id="p-1", snapshot_digest=sha(BODY),
            record_digest=sha("r"), file_digest=sha("f"), size=1, pages=1, purpose="監査", issued_by="u-expert",
            issued_at=work.now,
        )
    )  # fmt: skip
    work.session.flush()
    work.session.add(
        ReportAnnulment(id="an-1", report_id="rp-1", reason="宛先の誤り", annulled_by="u-expert", annulled_at=work.now)
    )
    work.record("ReportIssued", subject=("report", "rp-1"), project="p-1", refs={"file": sha("f")})


READINGS = hashlib.sha256(
    b'{"at":"2026-11-20T03:00:00.000000Z","corrects":null,"id":"rd-1","indicator":"in-1","note":"","position":1,"turn":0,'
    b'"value":"93.5","verdict":"low"}'
).hexdigest()


def watch(work: UnitOfWork) -> None:
    work.session.add(
        Indicator(
            id="in-1", project_id="p-1", number=1, name="正解率", unit="%", every_days=30, owner_id="u-owner",
            opens_screening=True, phase="P", created_by="u-owner", created_at=work.now,
        )
    )  # fmt: skip
    work.session.add(
        IndicatorBand(
            id="ib-1", indicator_id="in-1", version=1, direction="up", low="95", valid_from=AT, set_by="u-owner",
            set_at=work.now,
        )
    )  # fmt: skip
    work.session.add(
        ReadingKey(
            id="rk-1", project_id="p-1", name="監視サーバー", hint="abcd", digest=sha("key"), made_by="u-owner",
            made_at=work.now, revoked_by="u-owner", revoked_at=work.now,
        )
    )  # fmt: skip
    work.session.flush()
    work.session.add(
        ReadingBatch(
            id="rb-1",
            project_id="p-1",
            source="hand",
            size=1,
            digest=READINGS,
            entered_by="u-owner",
            entered_at=work.now,
        )
    )
    work.session.flush()
    work.session.add(
        Reading(
            id="rd-1",
            batch_id="rb-1",
            position=1,
            indicator_id="in-1",
            at=AT,
            value="93.5",
            band_id="ib-1",
            verdict="low",
        )
    )
    work.session.flush()
    work.session.add(
        Alert(
            id="al-1", project_id="p-1", indicator_id="in-1", kind="out", state="acknowledged", reading_id="rd-1",
            opened_at=work.now, settled_how="acknowledged", reason="一時的な障害", settled_by="u-owner", settled_at=work.now,
        )
    )  # fmt: skip
    work.record("ReadingsEntered", subject=("readings", "rb-1"), project="p-1", refs={"readings": READINGS})


def report_incident(work: UnitOfWork) -> None:
    work.session.add(
        Incident(
            id="ic-1", project_id="p-1", number=1, kind="near_miss", title="誤警報", occurred_on=date(2026, 11, 19),
            found_on=date(2026, 11, 20), happened="警報が鳴った", severity=2, reported_by="u-owner", reported_at=work.now,
        )
    )  # fmt: skip
    work.session.flush()
    work.session.add_all(
        [
            IncidentChange(
                id="ich-1", incident_id="ic-1", number=1, body="{}", digest=sha("{}"), changed_by="u-owner",
                changed_at=work.now,
            ),
            IncidentLink(
                id="il-1", incident_id="ic-1", measure_id="me-1", added_by="u-owner", added_at=work.now,
            ),
            IncidentDuty(
                id="idu-1", incident_id="ic-1", kind="customer", recipient="架空の顧客", told_on=date(2026, 11, 20),
                added_by="u-owner", added_at=work.now,
            ),
        ]
    )  # fmt: skip
    work.record("IncidentReported", subject=("incident", "ic-1"), project="p-1", private={"title": "誤警報"})


def learn(work: UnitOfWork) -> None:
    work.session.add(
        KytSession(
            id="ky-1", number="KYT-2026-001", project_id="p-1", title="融資の審査", situation="点数だけを見る", state="finished",
            held_on=date(2026, 11, 20), leader_id="u-owner", scribe_id="u-expert", team_goal="理由を確かめる ヨシ！",
            created_by="u-owner", created_at=work.now, settled_by="u-owner", settled_at=work.now,
        )
    )  # fmt: skip
    work.session.add(
        Course(id="cs-1", code="AIE-101", title="AI倫理 導入教育", created_by="u-owner", created_at=work.now)
    )
    work.session.flush()
    work.session.add_all(
        [
            KytRecord(
                id="kr-1", session_id="ky-1", body="{}", digest=sha("{}"), finished_by="u-owner", finished_at=work.now
            ),
            KytPromotion(
                id="kp-1", session_id="ky-1", line_id="l-1", kind="measure", measure_id="me-1", promoted_by="u-owner",
                promoted_at=work.now,
            ),
            CourseTerms(
                id="ct-1", course_id="cs-1", version=1, effective_on=date(2026, 4, 1), valid_months=12, acts=["fill"],
                roles=["member"], mode="require", set_by="u-owner", set_at=work.now,
            ),
        ]
    )  # fmt: skip
    work.session.flush()
    work.session.add(
        TrainingRecord(
            id="tr-1", course_id="cs-1", user_id="u-owner", attended_on=date(2026, 11, 19), source="class", terms_id="ct-1",
            valid_until=date(2027, 11, 19), recorded_by="u-expert", recorded_at=work.now,
        )
    )  # fmt: skip
    work.record("TrainingRecorded", subject=("training", "tr-1"))


def people(work: UnitOfWork) -> None:
    for name, role in (("owner", "member"), ("expert", "expert"), ("external", "external_member")):
        person(work, name, role)


def amend(work: UnitOfWork) -> None:
    work.session.add(
        Amendment(
            id="am-1", project_id="p-1", number=1, phase="P", approval_id="s-1", scale="minor", reasons=["model"],
            text="画面の文言を直す", state="filed", filed_by="u-owner", filed_at=work.now,
        )
    )  # fmt: skip
    work.session.add(
        Appeal(
            id="ap-1", screening_id="s-1", decision_id="d-1", revision=1, facts="新しい測定の結果",
            filed_by="u-owner", filed_at=work.now,
        )
    )  # fmt: skip
    work.record("AmendmentFiled", subject=("amendment", "am-1"), project="p-1", private={"text": "画面の文言を直す"})


def ask_for_erasure(work: UnitOfWork) -> None:
    work.session.add(
        Erasure(
            id="er-1", number=1, project_id="p-1", parts=["answers"], basis="request", reason="本人からの請求", requested_by="u-expert",
            requested_at=work.now,
        )
    )  # fmt: skip
    work.session.add(
        LegalHold(id="lh-1", number=1, person_id="u-owner", reason="調査中", set_by="u-expert", set_at=work.now)
    )
    work.record("ErasureRequested", subject=("erasure", "er-1"), project="p-1", private={"reason": "本人からの請求"})


ACTS = (
    people, publish, register, draft, submit, check, seat, meet, decide, retire, watch, report_incident, learn, amend,
    ask_for_erasure,
)  # fmt: skip
SIZE = 21
"""Entries that the whole case writes."""


def written(database: Database) -> None:
    """Write the whole case, one unit of work per act."""
    for act in ACTS:
        with open_work(database, SYSTEM) as work:
            act(work)
