"""The rules of a committee in words: what each is called, where it comes from, how a value is said, and how two versions differ.

One table serves the form, the page of rules and the comparison, so that a rule has one name everywhere (domain.md §6.3). The sources
are named as facts; where a rule is this product's own proposal, that is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from governance.reviews.committee import ALLOWED, CONFLICT_CODES, EXPERTISE, CommitteeRules
from governance.texts import Text, both, joined

GUIDELINE = Text("人を対象とする研究の倫理指針", "Japanese guidelines for research involving people")
CFR = Text("米国連邦規則 45 CFR 46", "US 45 CFR 46")
DECK = Text(
    "公表資料の倫理審査委員会（2000年）の規則", "The rule of an ethics committee of 2000 in the published material"
)
PRACTICE = Text("他の審査委員会の手順", "Procedures of other review boards")
OWN = Text("本製品の提案", "A proposal of this product")


@dataclass(frozen=True)
class Rule:
    """One key of the rules: its name, its sources, and the unit of a number."""

    key: str
    name: Text
    sources: tuple[Text, ...]
    unit: Text | None = None
    hint: Text | None = None


@dataclass(frozen=True)
class Group:
    """Rules that are read together."""

    code: str
    name: Text
    rules: tuple[Rule, ...]


PEOPLE, TIMES, DAYS = Text("名", "people"), Text("回", "times"), Text("日", "days")
GROUPS: tuple[Group, ...] = (
    Group(
        "members",
        Text("委員", "Members"),
        (
            Rule("min_members", Text("委員の数（以上）", "Members, at least"), (GUIDELINE, CFR), PEOPLE),
            Rule(
                "external_share",
                Text("外部委員の割合（超える）", "Share of external members, more than"),
                (DECK,),
                hint=Text("任命された委員に対する割合です。", "Of the appointed members."),
            ),
            Rule("expertise_required", Text("必要な専門（1名以上ずつ）", "Expertise, at least one each"), (GUIDELINE,)),
            Rule(
                "gender_balance",
                Text("性別の偏り", "Gender balance"),
                (GUIDELINE,),
                hint=Text(
                    "本人の申告だけを使い、開会は妨げません。",
                    "Only what members say themselves; it never stops a meeting.",
                ),
            ),
        ),
    ),
    Group(
        "sessions",
        Text("開催", "Meetings"),
        (
            Rule(
                "min_sessions_per_fiscal_year",
                Text("年度の開催回数（以上）", "Meetings in a fiscal year, at least"),
                (DECK,),
                TIMES,
                Text("年度は4月から3月までです。", "A fiscal year runs from April to March."),
            ),
            Rule(
                "alert_month",
                Text("開催不足を知らせ始める月", "Month from which too few meetings are warned of"),
                (OWN,),
                Text("か月目", "(month of the fiscal year)"),
                Text("年度の何か月目かです。9は12月です。", "Counted within the fiscal year: 9 is December."),
            ),
            Rule(
                "notice_days",
                Text("資料の配布（会議の何日前まで）", "Materials, days before the meeting"),
                (PRACTICE,),
                DAYS,
            ),
            Rule("remote_counts", Text("オンラインの出席を数える", "Remote attendance counts"), (PRACTICE,)),
        ),
    ),
    Group(
        "quorum",
        Text("定足数", "Quorum"),
        (
            Rule(
                "quorum_share",
                Text("出席の割合（超える）", "Share present, more than"),
                (CFR,),
                hint=Text(
                    "退席を除く委員に対する割合で、議題ごとに数えます。", "Of those not recused, counted for each item."
                ),
            ),
            Rule(
                "external_majority_present",
                Text("出席者も外部が内部より多い", "More external than internal members present"),
                (OWN,),
            ),
            Rule(
                "lay_present",
                Text("一般・人文の委員の出席（以上）", "Lay or humanities, at least"),
                (CFR, GUIDELINE),
                PEOPLE,
            ),
            Rule(
                "lay_expertise",
                Text("一般・人文とみなす専門", "Expertise that counts as lay or humanities"),
                (GUIDELINE,),
            ),
        ),
    ),
    Group(
        "decision",
        Text("議決", "Deciding"),
        (
            Rule(
                "authority",
                Text("権限", "Authority"),
                (OWN,),
                hint=Text(
                    "助言機関では、可決された案は意見となり、執行側が決定します。",
                    "With an advisory committee a carried motion is an opinion, and the executive decides.",
                ),
            ),
            Rule("decision_share", Text("可決の割合（超える）", "Share that carries a motion, more than"), (CFR,)),
            Rule("decision_rule", Text("議決の方法", "Rule of decision"), (GUIDELINE, CFR)),
            Rule("tie", Text("可否同数のとき", "On a tie"), (OWN,)),
            Rule("voting", Text("投票の方法", "How votes are cast"), (OWN,)),
            Rule("votes_shown", Text("票の見せ方", "How votes are shown"), (CFR,)),
            Rule("circulation", Text("持ち回り（迅速審査）", "Circulation (expedited review)"), (PRACTICE, CFR)),
            Rule(
                "circulation_members",
                Text("持ち回りに加わる内部委員", "Internal members of a circulation"),
                (PRACTICE,),
                PEOPLE,
                Text("委員長のほかに、委員長が指名します。", "Besides the chair, designated for each circulation."),
            ),
        ),
    ),
    Group(
        "conflicts",
        Text("利益相反", "Conflicts of interest"),
        (
            Rule("recusal_codes", Text("確かめる関係", "Ties that are looked for"), (CFR,)),
            Rule(
                "recusal_bars",
                Text("必ず退席とする関係", "Ties that always exclude"),
                (CFR, OWN),
                hint=Text(
                    "ほかの関係は、退席を勧めるだけです。メンバーと回答者は外せません。",
                    "Other ties only suggest stepping back. Members and authors cannot be left out.",
                ),
            ),
        ),
    ),
    Group(
        "after",
        Text("決定の後", "After the decision"),
        (
            Rule("appeal_days", Text("不服申立ての期間", "Days for an appeal"), (OWN,), DAYS),
            Rule("appeal_times", Text("不服申立ての回数", "Number of appeals"), (OWN,), TIMES),
            Rule(
                "overdue_reminder_days",
                Text("条件の期限後、催促する期間", "Days of reminding after a condition is due"),
                (OWN,),
                DAYS,
            ),
            Rule("overdue_suspends", Text("その後は案件を一時停止する", "Then the project is suspended"), (OWN,)),
        ),
    ),
)
RULES: Mapping[str, Rule] = {rule.key: rule for group in GROUPS for rule in group.rules}

VALUES: Mapping[tuple[str, str], Text] = {
    ("gender_balance", "warn"): Text("偏りを知らせる", "Warn of a single gender"),
    ("gender_balance", "off"): Text("確かめない", "Not looked at"),
    ("decision_rule", "majority"): Text("多数決（少数意見を残す）", "Majority; dissent is kept"),
    ("tie", "deferred"): Text("継続審査（委員長に決裁票なし）", "Deferred; the chair has no casting vote"),
    ("voting", "open"): Text("公開", "Open"),
    ("voting", "secret"): Text("無記名", "Secret"),
    ("votes_shown", "totals"): Text("合計だけ", "Totals only"),
    ("votes_shown", "named"): Text("氏名とともに", "With names"),
    ("circulation", "never"): Text("行わない", "Never"),
    ("circulation", "expedited_only"): Text("迅速審査に限って行う", "For expedited matters only"),
    ("authority", "deciding"): Text("決定機関", "Deciding"),
    ("authority", "advisory"): Text("助言機関", "Advisory"),
}
TIES: Mapping[str, Text] = {
    "member": Text("案件のメンバー", "Member of the project"),
    "former": Text("以前のメンバー", "Former member"),
    "approver": Text("案件の承認者", "Approver of the project"),
    "author": Text("回答した人", "Author of answers"),
    "department": Text("同じ部門", "Same department"),
}
SHARES = ("0", "1/4", "1/3", "1/2", "3/5", "2/3", "3/4")


def word(key: str, value: str) -> Text:
    """Return what a value of a rule that is a word is called."""
    return VALUES.get((key, value), both(value))


def choices(key: str) -> list[tuple[str, Text]]:
    """Return the values a rule that is a word may take, with their words."""
    return [(value, word(key, value)) for value in ALLOWED[key]]


def share_words(share: str) -> Text:
    """Return a share in words, as the least that is not enough."""
    names = {"0": Text("なし（1名以上）", "None (at least one)"), "1/2": Text("1/2（過半数）", "1/2 (a majority)")}
    return names.get(share, both(share))


def said(rule: Rule, value: Any, expertise: Mapping[str, Text] = EXPERTISE) -> Text:
    """Return the value of a rule in words."""
    if isinstance(value, bool):
        return Text("はい", "Yes") if value else Text("いいえ", "No")
    if isinstance(value, Fraction):
        return share_words(str(value))
    if isinstance(value, tuple):
        names = {**TIES, **expertise}
        listed = [code for code in CONFLICT_CODES if code in value] if set(value) <= set(CONFLICT_CODES) else value
        return joined([names.get(code, both(code)) for code in listed]) if value else Text("なし", "None")
    if isinstance(value, int):
        return Text("{n}{unit}", "{n} {unit}").filled(n=value, unit=rule.unit or both(""))
    return word(rule.key, str(value))


def lines(rules: CommitteeRules, expertise: Mapping[str, Text]) -> list[tuple[Group, list[tuple[Rule, Text]]]]:
    """Return all rules in words, group by group."""
    return [(g, [(rule, said(rule, getattr(rules, rule.key), expertise)) for rule in g.rules]) for g in GROUPS]


@dataclass(frozen=True)
class Difference:
    """A rule that two versions say differently."""

    rule: Rule
    before: Text
    after: Text


def differences(before: CommitteeRules, after: CommitteeRules, expertise: Mapping[str, Text]) -> list[Difference]:
    """Return the rules in which two versions differ, each in words, in the order of the table."""
    changed = [rule for rule in RULES.values() if getattr(before, rule.key) != getattr(after, rule.key)]
    return [
        Difference(
            rule, said(rule, getattr(before, rule.key), expertise), said(rule, getattr(after, rule.key), expertise)
        )
        for rule in changed
    ]
