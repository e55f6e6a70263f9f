"""Everything a report of one case is composed from, read from the database once: nothing is composed while reading.

A report covers one screening with the snapshot its decision rests on (or the newest one while there is none), earlier phases for
the heat map, the course of review from the ledger, and conditions as they stand today.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from sqlalchemy import select

from governance.accounts.models import User
from governance.ledger.services import Event, Head, head, project_events
from governance.projects.life import acts_of, disposal_of
from governance.projects.models import Disposal, Evidence, LifeAct, Project
from governance.questionnaires.definition import Framework, Question, Questionnaire, Section
from governance.questionnaires.models import FrameworkVersion, QuestionnaireVersion
from governance.questionnaires.services import framework_in, questionnaire_in
from governance.refusals import Refusal
from governance.reports.models import Report
from governance.reports.revived import revived
from governance.reports.rules import CASE
from governance.reports.watched import Watched, read_watched
from governance.reviews.body_models import Consultation
from governance.reviews.challenges import challenges_of
from governance.reviews.citing import citations_of
from governance.reviews.consulting import consultations_of
from governance.reviews.desk_models import Challenge, Citation
from governance.reviews.models import Attendance, Condition, Decision, Review
from governance.reviews.rules import local_date
from governance.screenings.models import Reassessment, Screening, Snapshot
from governance.screenings.reopening import reasons_of
from governance.screenings.result import Counted, Score
from governance.screenings.routing import Sheet
from governance.screenings.snapshots import thaw
from governance.texts import ERASED_BOTH
from governance.work import UnitOfWork

FINAL = frozenset({"approved", "approved_with_conditions", "rejected"})
_OWN_ACTS = frozenset({"ReportPrepared", "ReportIssued", "ReportAnnulled"})


@dataclass(frozen=True)
class Frozen:
    """A snapshot with its texts in place and its score read back."""

    snapshot: Snapshot
    body: dict[str, Any]
    score: Score

    @property
    def contents(self) -> dict[str, tuple[str, str]]:
        """Question key → value and text of every answer."""
        return {answer["key"]: (answer["value"], answer.get("text") or "") for answer in self.body["answers"]}

    @property
    def values(self) -> dict[str, str]:
        """Question key → value of every answer."""
        return {answer["key"]: answer["value"] for answer in self.body["answers"]}


@dataclass(frozen=True)
class PhaseState:
    """The newest screening of one phase: its state, when it was decided, and its score when there is a snapshot."""

    phase: str
    state: str
    decided_on: date | None
    score: Score | None


@dataclass(frozen=True)
class Case:
    """What one report is about. `day` is today in Japan; `decision` is null until there is a final one."""

    project: Project
    screening: Screening
    frozen: Frozen
    earlier: Sequence[Frozen]
    framework: Framework
    framework_version: FrameworkVersion
    questionnaires: Sequence[Questionnaire]
    questionnaire_versions: Sequence[QuestionnaireVersion]
    decision: Decision | None
    review: Review | None
    citations: Sequence[Citation]
    challenges: Sequence[Challenge]
    consultations: Sequence[Consultation]
    conditions: Sequence[Condition]
    condition_evidence: Mapping[str, Evidence]
    attendances: Sequence[Attendance]
    phases: Sequence[PhaseState]
    turns: Sequence[LifeAct]
    disposal: Disposal | None
    again: Sequence[Reassessment]
    events: Sequence[Event]
    reports: Sequence[Report]
    people: Mapping[str, User]
    head: Head
    watched: Watched
    day: date

    @property
    def score(self) -> Score:
        """The score the report prints."""
        return self.frozen.score

    @cached_property
    def answers(self) -> dict[str, dict[str, Any]]:
        """Question key → answer with remark, author and evidence."""
        return {answer["key"]: answer for answer in self.frozen.body["answers"]}

    @cached_property
    def counted(self) -> dict[str, Counted]:
        """Question key → what it counted."""
        return {counted.key: counted for item in self.score.items for counted in item.counted}

    @cached_property
    def rating_reasons(self) -> dict[str, dict[str, Any]]:
        """Item → the rating with its reasons."""
        return {rating["item"]: rating for rating in self.frozen.body["ratings"]}

    @property
    def is_draft(self) -> bool:
        """True while there is no final decision: the report is watermarked 案."""
        return self.decision is None

    @cached_property
    def questions(self) -> dict[str, Question]:
        """Question key → question, asked or not."""
        return {question.key: question for sheet in self.questionnaires for _, question in sheet.questions()}

    @cached_property
    def sheet(self) -> Sheet:
        """What the screening asked."""
        return Sheet(self.framework, self.screening.phase, tuple(self.questionnaires))

    def placed(self, kind: str) -> list[tuple[Questionnaire, Section, Question]]:
        """Return the asked questions of questionnaires of one kind, in order."""
        asked = set(self.score.asked)
        return [
            (sheet, section, question)
            for sheet in self.questionnaires
            if sheet.kind == kind
            for section, question in sheet.questions()
            if question.key in asked
        ]


def reportable(work: UnitOfWork, project: Project) -> list[Screening]:
    """Return the screenings of a project that have been submitted, the newest first."""
    frozen = select(Snapshot.screening_id).where(Snapshot.screening_id == Screening.id).exists()
    query = select(Screening).where(Screening.project_id == project.id, frozen)
    return list(work.session.scalars(query.order_by(Screening.opened_at.desc(), Screening.id)))


# long: one line for each thing that is read
def read_case(work: UnitOfWork, project: Project, screening: Screening, lang: str = "ja", profile: str = "") -> Case:
    """Read the case of one screening; `lang` and `profile` pick the earlier reports of which this is a version.

    Raises Refusal when it was never submitted.
    """
    session = work.session
    decision = _final_decision(work, screening)
    snapshots = list(
        session.scalars(select(Snapshot).where(Snapshot.screening_id == screening.id).order_by(Snapshot.created_at))
    )
    snapshot = decision.snapshot if decision else _newest(snapshots)
    version = screening.framework_version
    pins = [pin.questionnaire for pin in screening.pins]
    conditions = list(decision.conditions) if decision else []
    proofs = session.scalars(
        select(Evidence).where(Evidence.id.in_([c.evidence_id for c in conditions if c.evidence_id]))
    )
    meeting = decision.item.meeting if decision and decision.item else None
    return Case(
        project=project,
        screening=screening,
        frozen=_thawed(work, snapshot),
        earlier=[
            _thawed(work, each)
            for each in snapshots
            if each.stage == "submitted" and each.revision <= snapshot.revision
        ],
        framework=framework_in(version),
        framework_version=version,
        questionnaires=[questionnaire_in(pin) for pin in pins],
        questionnaire_versions=pins,
        decision=decision,
        review=session.scalars(
            select(Review).where(Review.screening_id == screening.id, Review.revision == snapshot.revision)
        ).one_or_none(),
        citations=citations_of(work, screening, snapshot.revision),
        challenges=challenges_of(work, screening, until=snapshot.revision),
        consultations=[c for c in consultations_of(work, screening) if c.revision <= snapshot.revision],
        conditions=conditions,
        condition_evidence={each.id: each for each in proofs},
        attendances=list(meeting.attendances) if meeting else [],
        phases=_phases(work, project, screening),
        turns=acts_of(work, project),
        disposal=disposal_of(work, project),
        again=reasons_of(work, [screening]).get(screening.id, []),
        events=_events(work, project, screening),
        reports=_reports(work, snapshots, lang, profile),
        people={user.id: user for user in session.scalars(select(User))},
        head=head(session),
        watched=read_watched(work, project, screening),
        day=local_date(work.now),
    )


def _newest(snapshots: Sequence[Snapshot]) -> Snapshot:
    if not snapshots:
        raise Refusal(
            "reports.nothing_submitted",
            "まだ提出されていないため、報告書を作成できません。スクリーニングを提出してください。",
            "Nothing has been submitted yet, so there is nothing to report. Submit the screening first.",
        )
    return snapshots[-1]


def _thawed(work: UnitOfWork, snapshot: Snapshot) -> Frozen:
    body = thaw(work.session, snapshot, ERASED_BOTH)
    return Frozen(snapshot, body, revived(body["score"]))


def _final_decision(work: UnitOfWork, screening: Screening) -> Decision | None:
    query = select(Decision).where(Decision.screening_id == screening.id, Decision.revision == screening.revision)
    found = work.session.scalars(query).one_or_none()
    return found if found is not None and found.outcome in FINAL else None


def _phases(work: UnitOfWork, project: Project, reported: Screening) -> list[PhaseState]:
    """Return one screening of each phase that has one: the reported one in its phase, elsewhere the newest that was submitted.

    A re-screening that is still being filled in does not hide what was decided before it.
    """
    query = select(Screening).where(Screening.project_id == project.id).order_by(Screening.opened_at)
    shown: dict[str, Screening] = {}
    for each in work.session.scalars(query):
        if each.phase not in shown or (each.submitted_at is not None and each.state != "withdrawn"):
            shown[each.phase] = each
    return [_phase_state(work, each) for each in {**shown, reported.phase: reported}.values()]


def _phase_state(work: UnitOfWork, screening: Screening) -> PhaseState:
    decision = _final_decision(work, screening)
    frozen = select(Snapshot).where(Snapshot.screening_id == screening.id).order_by(Snapshot.created_at.desc())
    snapshot = decision.snapshot if decision else work.session.scalars(frozen).first()
    score = revived(thaw(work.session, snapshot)["score"]) if snapshot else None
    decided_on = local_date(decision.decided_at) if decision else None
    return PhaseState(screening.phase, screening.state, decided_on, score)


def _reports(work: UnitOfWork, snapshots: Sequence[Snapshot], lang: str, profile: str) -> list[Report]:
    """Return the case reports issued about this screening in one language with one profile, the oldest first.

    A mapping of the case (R4) rests on the same snapshot and is no version of them.
    """
    query = select(Report).where(Report.kind == CASE, Report.lang == lang, Report.profile == profile)
    query = query.where(Report.snapshot_digest.in_([each.digest for each in snapshots]))
    return list(work.session.scalars(query.order_by(Report.issued_at, Report.number)))


def _events(work: UnitOfWork, project: Project, screening: Screening) -> list[Event]:
    """Return the ledger records about this screening, the oldest first, without those that reports themselves made."""
    return [
        event
        for event in project_events(work.session, project.id)
        if event.type not in _OWN_ACTS
        and screening.id in (event.body["subject"]["id"], event.body["codes"].get("screening"))
    ]
