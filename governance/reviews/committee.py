"""The rules a committee works by, and whether its members fulfil them.

The rules are data with a version (domain.md §6.3): a plain mapping of the framework document or of the committee itself. Here it is
read once into exact values — fractions as text "1/2", never floats — and a mistaken value is refused before any meeting relies on it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from governance.refusals import Problem, Refusals
from governance.texts import Text, both

CONFLICT_CODES = ("member", "former", "approver", "author", "department")
"""What the records can show of a member's ties to a project (domain.md §6.3 recusal)."""

EXPERTISE: Mapping[str, Text] = {
    "technical": Text("技術", "Technical"),
    "legal_ethics": Text("法・倫理", "Law and ethics"),
    "lay": Text("一般・利用者", "Public and users"),
    "humanities": Text("人文・社会", "Humanities and society"),
    "medical": Text("医療・福祉", "Medicine and welfare"),
    "quality": Text("品質保証", "Quality assurance"),
}


@dataclass(frozen=True)
class CommitteeRules:
    """The rules in force; every field is a key of domain.md §6.3 with its default."""

    min_members: int = 5
    external_share: Fraction = Fraction(1, 2)
    expertise_required: tuple[str, ...] = ("technical", "legal_ethics", "lay")
    gender_balance: str = "warn"
    min_sessions_per_fiscal_year: int = 2
    alert_month: int = 9
    quorum_share: Fraction = Fraction(1, 2)
    external_majority_present: bool = True
    lay_present: int = 1
    lay_expertise: tuple[str, ...] = ("lay", "humanities")
    decision_share: Fraction = Fraction(1, 2)
    decision_rule: str = "majority"
    tie: str = "deferred"
    voting: str = "open"
    votes_shown: str = "totals"
    recusal_codes: tuple[str, ...] = CONFLICT_CODES
    recusal_bars: tuple[str, ...] = ("member", "former", "approver", "author")
    notice_days: int = 7
    remote_counts: bool = True
    circulation: str = "expedited_only"
    circulation_members: int = 2
    authority: str = "deciding"
    appeal_days: int = 30
    appeal_times: int = 1
    overdue_reminder_days: int = 14
    overdue_suspends: bool = True


DEFAULT_RULES = CommitteeRules()

ALLOWED: Mapping[str, tuple[str, ...]] = {
    "gender_balance": ("warn", "off"),
    "decision_rule": ("majority",),
    "tie": ("deferred",),
    "voting": ("open", "secret"),
    "votes_shown": ("totals", "named"),
    "circulation": ("never", "expedited_only"),
    "authority": ("deciding", "advisory"),
}
"""The values a rule that is a word may take."""

LIMITS: Mapping[str, tuple[int, int]] = {
    "min_members": (3, 60),
    "min_sessions_per_fiscal_year": (0, 60),
    "alert_month": (1, 12),
    "lay_present": (0, 20),
    "notice_days": (0, 90),
    "circulation_members": (1, 10),
    "appeal_days": (0, 365),
    "appeal_times": (0, 9),
    "overdue_reminder_days": (0, 365),
}
"""The least and the greatest value of each rule that is a number."""

ALWAYS_BAR = frozenset({"member", "author"})
"""Conflicts that no rule can allow: who belongs to the team or wrote answers never judges the case (domain.md §6.3)."""


@dataclass(frozen=True)
class Member:
    """A seat of a committee as the rules see it; `id` is the seat, `user_id` the person."""

    id: str
    user_id: str
    side: str
    expertise: frozenset[str]
    term_from: date
    term_until: date | None = None
    alternate_of: str | None = None

    @property
    def is_external(self) -> bool:
        """True for a member from outside the organisation."""
        return self.side == "external"

    def sits_on(self, day: date) -> bool:
        """Say whether the term covers the day, both ends included."""
        return self.term_from <= day and (self.term_until is None or day <= self.term_until)


@dataclass(frozen=True)
class RuleCheck:
    """One rule with its result: what it asks (`name`), the figures (`arithmetic`) and whether they suffice."""

    code: str
    name: Text
    arithmetic: Text
    met: bool


def committee_rules(values: Mapping[str, Any]) -> CommitteeRules:
    """Read a mapping of domain.md §6.3 keys; absent keys take the default, unknown ones belong to other features.

    Raises `Refusals` with every value that makes no sense, each named by its key.
    """
    problems: list[Problem] = []
    read: dict[str, Any] = {}
    for field in fields(CommitteeRules):
        if field.name not in values:
            continue
        try:
            read[field.name] = _READERS[str(field.type)](values[field.name])
        except (TypeError, ValueError, ZeroDivisionError):
            text = Text("委員会規則「{key}」の値が正しくありません。", "The committee rule “{key}” has no valid value.")
            problems.append(Problem("reviews.committee_rule", text.filled(key=field.name), field.name))
    Refusals.raise_any(problems + _words_and_limits(read) + _conflict_codes(read))
    return CommitteeRules(**read)


def _words_and_limits(read: Mapping[str, Any]) -> list[Problem]:
    """Return the words and numbers that stand outside of what their rule may be."""
    word = Text("委員会規則「{key}」に使える値：{allowed}", "The committee rule “{key}” may be: {allowed}.")
    number = Text("{least}から{most}までの整数にしてください。", "Enter a whole number from {least} to {most}.")
    wrong = [
        Problem("reviews.committee_rule", word.filled(key=key, allowed=", ".join(sorted(allowed))), key)
        for key, allowed in ALLOWED.items()
        if read.get(key, allowed[0]) not in allowed
    ]
    for key, (least, most) in LIMITS.items():
        if not least <= read.get(key, least) <= most:
            wrong.append(Problem("reviews.committee_rule", number.filled(least=least, most=most), key))
    return wrong


def _conflict_codes(read: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with the conflicts that are looked for and that bar."""
    known, bars = set(read.get("recusal_codes", CONFLICT_CODES)), set(read.get("recusal_bars", ALWAYS_BAR))
    unknown = Text("知られていない利益相反です：{codes}", "Unknown conflicts of interest: {codes}")
    always = Text(
        "案件のメンバーと回答者は、いつも退席とします。",
        "Members of the project and authors of its answers always step back.",
    )
    beyond = Text("確かめない利益相反を退席の理由にはできません。", "What is not looked for cannot exclude anybody.")
    faults = (
        (
            known - set(CONFLICT_CODES),
            unknown.filled(codes=", ".join(sorted(known - set(CONFLICT_CODES)))),
            "recusal_codes",
        ),
        (ALWAYS_BAR - bars or ALWAYS_BAR - known, always, "recusal_bars"),
        (bars - known, beyond, "recusal_bars"),
    )
    return [Problem("reviews.committee_rule", text, key) for wrong, text, key in faults if wrong]


def more_than(share: Fraction, whole: int) -> int:
    """Return the least number that is more than `share` of `whole`: the half of 6 needs 4 (domain.md §6.3, exclusive)."""
    return whole * share.numerator // share.denominator + 1


def composition(members: Sequence[Member], rules: CommitteeRules, on: date) -> list[RuleCheck]:
    """Check the appointed members of a day: number, external share, expertise (domain.md §6.3).

    Alternates add nobody to a committee: each only stands in for a member.
    """
    seated = [member for member in members if member.sits_on(on) and member.alternate_of is None]
    external = sum(member.is_external for member in seated)
    need = more_than(rules.external_share, len(seated))
    return [
        RuleCheck(
            "min_members",
            Text("委員の数", "Number of members"),
            Text("{n}名（{min}名以上）", "{n} (at least {min})").filled(n=len(seated), min=rules.min_members),
            len(seated) >= rules.min_members,
        ),
        RuleCheck(
            "external_share",
            Text("外部委員の割合", "Share of external members"),
            Text(
                "外部{e}名／全{n}名（{share}を超える：{need}名以上）",
                "{e} external of {n} (more than {share}: at least {need})",
            ).filled(e=external, n=len(seated), share=str(rules.external_share), need=need),
            external >= need,
        ),
        *(_expertise(code, seated) for code in rules.expertise_required),
    ]


def _expertise(code: str, seated: Sequence[Member]) -> RuleCheck:
    count = sum(code in member.expertise for member in seated)
    name = Text("専門：{what}", "Expertise: {what}").filled(what=EXPERTISE.get(code, both(code)))
    return RuleCheck(
        f"expertise.{code}", name, Text("{n}名（1名以上）", "{n} (at least 1)").filled(n=count), count >= 1
    )


def sessions(held: int, rules: CommitteeRules) -> RuleCheck:
    """Check the number of meetings held in a fiscal year (domain.md §6.3 min_sessions_per_FY)."""
    arithmetic = Text("{n}回（年{min}回以上）", "{n} (at least {min} a year)").filled(
        n=held, min=rules.min_sessions_per_fiscal_year
    )
    return RuleCheck(
        "sessions",
        Text("年間の開催回数", "Meetings in the year"),
        arithmetic,
        held >= rules.min_sessions_per_fiscal_year,
    )


def notice(sent_on: date | None, meeting_on: date, rules: CommitteeRules) -> RuleCheck:
    """Check that the materials went out early enough (domain.md §6.3 agenda notice)."""
    latest = meeting_on - timedelta(days=rules.notice_days)
    name = Text("資料は{n}日前までに配布", "Materials {n} days before").filled(n=rules.notice_days)
    figures = {"latest": latest.isoformat(), "sent": sent_on.isoformat() if sent_on else ""}
    arithmetic = (
        Text("{sent} 配布（{latest} まで）", "Sent {sent} (by {latest})")
        if sent_on
        else Text("未配布（{latest} まで）", "Not sent (by {latest})")
    ).filled(**figures)
    return RuleCheck("notice", name, arithmetic, sent_on is not None and sent_on <= latest)


@dataclass(frozen=True)
class Ties:
    """Who is bound to a project: its department, its team now and in the past, its approvers, the authors of its answers.

    `owners` are those who would have to meet a condition that is to be waived.
    """

    department: str
    team: frozenset[str] = frozenset()
    former: frozenset[str] = frozenset()
    approvers: frozenset[str] = frozenset()
    authors: frozenset[str] = frozenset()
    owners: frozenset[str] = frozenset()
    department_en: str = ""


@dataclass(frozen=True)
class Conflict:
    """A reason to step back; one that `bars` excludes by itself, another is put to the member to declare."""

    code: str
    bars: bool
    text: Text


_CONFLICTS: tuple[tuple[str, Callable[[Ties], Collection[str]], Text], ...] = (
    ("member", lambda ties: ties.team, Text("案件のメンバーです", "Belongs to the project team")),
    ("former", lambda ties: ties.former, Text("以前、案件のメンバーでした", "Belonged to the project team before")),
    ("approver", lambda ties: ties.approvers, Text("案件の承認者です", "Is an approver of the project")),
    ("author", lambda ties: ties.authors, Text("この案件の回答者です", "Wrote answers of this project")),
)


def suggested_conflicts(
    user_id: str, department: str, ties: Ties, department_en: str = "", rules: CommitteeRules = DEFAULT_RULES
) -> list[Conflict]:
    """Return the conflicts of interest that can be seen in the records (domain.md §6.3 recusal, assurance.md T4).

    Which are looked for, and which bar instead of being suggested, is said by the rules; by default involvement in the project —
    now, before, as author or approver — bars a person, and the same department is suggested only. Whoever owns a condition never votes
    on its waiver.
    """
    found = [(code, text) for code, people, text in _CONFLICTS if user_id in people(ties)]
    names = {department.strip(), department_en.strip()} - {""}
    if names & {ties.department.strip(), ties.department_en.strip()}:
        found.append(("department", Text("案件と同じ部門に所属しています", "Works in the department of the project")))
    conflicts = [
        Conflict(code, code in rules.recusal_bars, text) for code, text in found if code in rules.recusal_codes
    ]
    owned = Text("免除を審議する条件の担当者です", "Owns a condition that is to be waived")
    return conflicts + ([Conflict("owner", True, owned)] if user_id in ties.owners else [])


def _count(value: Any) -> int:
    if not isinstance(value, int) or value < 0:
        raise ValueError(value)
    return int(value)


def _share(value: Any) -> Fraction:
    if not isinstance(value, str | Fraction) or not 0 <= Fraction(value) < 1:
        raise ValueError(value)
    return Fraction(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _word(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _words(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise TypeError(value)
    return tuple(_word(one) for one in value)


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "int": _count,
    "Fraction": _share,
    "bool": _flag,
    "str": _word,
    "tuple[str, ...]": _words,
}
