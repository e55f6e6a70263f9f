"""Whether a committee has its quorum and has carried a motion — with the arithmetic, in both languages.

Every figure of the meeting page, the minutes and the decision record comes from here. Shares are exact fractions and compared as
integers; members who stepped back leave numerator and denominator; presence is looked up for the moment asked about, because a
member who leaves mid-meeting changes the quorum of the next item (domain.md §6.3, assurance.md T4–T5).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import rfc8785

from governance.refusals import Problem
from governance.reviews.committee import CommitteeRules, Conflict, Member, RuleCheck, more_than
from governance.reviews.rules import local_date
from governance.texts import Text


@dataclass(frozen=True)
class Presence:
    """A member in the room or on the line, from when until when (open while `left_at` is None)."""

    member_id: str
    mode: str
    arrived_at: datetime
    left_at: datetime | None = None

    def covers(self, at: datetime) -> bool:
        """Say whether the member is there at the moment; whoever leaves at it has left."""
        return self.arrived_at <= at and (self.left_at is None or at < self.left_at)


@dataclass(frozen=True)
class Ballot:
    """One vote: who, what, when."""

    member_id: str
    choice: str
    cast_at: datetime
    id: str = ""


@dataclass(frozen=True)
class Quorum:
    """The count of one item at one moment; `checks` carry the sentences, the sets say who is counted."""

    appointed: int
    recused: int
    eligible: int
    need: int
    present: int
    present_external: int
    present_internal: int
    lay: int
    checks: tuple[RuleCheck, ...]
    eligible_ids: frozenset[str]
    present_ids: frozenset[str]
    stands_for: Mapping[str, str] = field(default_factory=dict)

    def seat(self, member_id: str) -> str:
        """Return the seat somebody speaks for: an alternate's is that of the member (domain.md §6.3)."""
        return self.stands_for.get(member_id, member_id)

    @property
    def met(self) -> bool:
        """True when every rule is fulfilled."""
        return all(check.met for check in self.checks)


@dataclass(frozen=True)
class Tally:
    """The result of a vote. `present` are those counted: in the room, or gone after voting lawfully."""

    votes_for: int
    against: int
    abstain: int
    present: int
    need_for: int
    carried: bool
    tied: bool
    complete: bool

    @property
    def unanimous(self) -> bool:
        """True when all who were present voted for it; otherwise dissent is recorded (domain.md §6.3)."""
        return self.carried and self.votes_for == self.present


def counts(presence: Presence, rules: CommitteeRules) -> bool:
    """Say whether being there in this way counts under the rules (domain.md §6.3 remote attendance)."""
    return presence.mode != "remote" or rules.remote_counts


# long: one line per figure
def quorum(
    members: Sequence[Member],
    presences: Iterable[Presence],
    recusals: Collection[str],
    rules: CommitteeRules,
    at: datetime,
) -> Quorum:
    """Count one item at one moment (domain.md §6.3): appointed − recused = eligible; more than the share of them must be there.

    `recusals` are seat ids. Members whose term is over or has not begun are not appointed. Remote members count if the rules say so.
    An alternate takes the place of an absent member in every figure, and is not counted besides.
    """
    sitting = [member for member in members if member.sits_on(local_date(at))]
    appointed = [member for member in sitting if member.alternate_of is None]
    there = {p.member_id for p in presences if p.covers(at) and counts(p, rules)}
    acting = {a.alternate_of: a for a in sitting if a.alternate_of and a.id in there and a.id not in recusals}
    eligible = [m if m.id in there else acting.get(m.id, m) for m in appointed if m.id not in recusals]
    present = [member for member in eligible if member.id in there]
    external = sum(member.is_external for member in present)
    lay = sum(not member.expertise.isdisjoint(rules.lay_expertise) for member in present)
    need = more_than(rules.quorum_share, len(eligible))
    return Quorum(
        appointed=len(appointed),
        recused=len(appointed) - len(eligible),
        eligible=len(eligible),
        need=need,
        present=len(present),
        present_external=external,
        present_internal=len(present) - external,
        lay=lay,
        checks=_checks(rules, len(appointed), len(eligible), present, external, lay),
        eligible_ids=frozenset(member.id for member in eligible),
        present_ids=frozenset(member.id for member in present),
        stands_for={member.id: member.alternate_of for member in members if member.alternate_of},
    )


def _checks(
    rules: CommitteeRules, appointed: int, eligible: int, present: Sequence[Member], external: int, lay: int
) -> tuple[RuleCheck, ...]:
    n, need, internal = len(present), more_than(rules.quorum_share, eligible), len(present) - external
    count = Text(
        "任命{a}名 − 退席{r}名 ＝ {e}名。{e}名の{share}を超える{need}名が必要、出席{n}名",
        "{a} appointed − {r} recused = {e}; more than {share} of {e} is {need}; {n} present",
    ).filled(a=appointed, r=appointed - eligible, e=eligible, share=str(rules.quorum_share), need=need, n=n)
    checks = [RuleCheck("quorum", Text("定足数", "Quorum"), count, n >= need)]
    if rules.external_majority_present:
        sides = Text("出席　外部{e}名、内部{i}名", "Present: {e} external, {i} internal").filled(e=external, i=internal)
        checks.append(
            RuleCheck("external_majority", Text("外部が過半数", "External majority"), sides, external > internal)
        )
    if rules.lay_present:
        seats = Text("出席{n}名（{min}名以上）", "{n} present (at least {min})").filled(n=lay, min=rules.lay_present)
        checks.append(
            RuleCheck("lay", Text("一般・人文の委員", "Lay or humanities member"), seats, lay >= rules.lay_present)
        )
    return tuple(checks)


# long: a table of reasons
def eligible_to_vote(
    member: Member,
    presences: Iterable[Presence],
    recusals: Collection[str],
    rules: CommitteeRules,
    at: datetime,
    conflicts: Iterable[Conflict] = (),
    members: Sequence[Member] = (),
) -> Problem | None:
    """Return why the member may not vote at the moment, or None when they may (assurance.md T4, domain.md §6.3).

    A conflict that bars excludes even when nobody declared it; one that is only suggested does not. An alternate votes only while
    the member is absent, holds the seat still (`members`), and has not stepped back from the item.
    """
    day, presences = local_date(at), list(presences)
    there = [p for p in presences if p.member_id == member.id and p.covers(at)]
    principal = member.alternate_of
    vacant = any(m.id == principal and not m.sits_on(day) for m in members)
    bar = next((conflict for conflict in conflicts if conflict.bars), None)
    reasons = (
        (day < member.term_from, "term_not_begun", Text("任期がまだ始まっていません。", "The term has not begun.")),
        (not member.sits_on(day), "term_over", Text("任期が終わっています。", "The term is over.")),
        (member.id in recusals, "recused", Text("この議題から退席しています。", "Recused from this item.")),
        (bar is not None, "conflict", _barred(bar)),
        (
            principal in recusals or vacant,
            "alternate_seat",
            Text(
                "代理する委員の席は、この議題では数えません。",
                "The seat you stand in for does not count for this item.",
            ),
        ),
        (
            any(p.member_id == principal and p.covers(at) and counts(p, rules) for p in presences),
            "alternate_not_needed",
            Text(
                "代理する委員が出席しているため、投票できません。",
                "The member you stand in for is present, so you may not vote.",
            ),
        ),
        (not there, "absent", Text("いま出席していません。", "Not present now.")),
        (
            all(p.mode == "remote" for p in there) and not rules.remote_counts,
            "remote",
            Text(
                "この委員会の規則では、遠隔での出席は数えません。",
                "Under this committee's rules remote attendance does not count.",
            ),
        ),
    )
    return next((Problem(f"reviews.{code}", text) for found, code, text in reasons if found), None)


def _barred(conflict: Conflict | None) -> Text:
    text = Text("利益相反のため投票できません：{why}。", "May not vote because of a conflict of interest: {why}.")
    return text.filled(why=conflict.text) if conflict else text


def lawful(
    ballots: Iterable[Ballot],
    members: Sequence[Member],
    presences: Sequence[Presence],
    recusals: Collection[str],
    rules: CommitteeRules,
) -> list[Ballot]:
    """Return the ballots whose voter might vote when they did and has not been recused since; the first of a seat stands.

    Leaving after a vote does not undo it: otherwise a result could be had by waiting until the opponents have gone.
    """
    seats = {member.id: member for member in members}
    kept: dict[str, Ballot] = {}
    for ballot in sorted(ballots, key=lambda b: b.cast_at):
        seat = seats.get(ballot.member_id)
        if seat and eligible_to_vote(seat, presences, recusals, rules, ballot.cast_at, members=members) is None:
            kept.setdefault(seat.alternate_of or seat.id, ballot)
    return list(kept.values())


def tally(ballots: Iterable[Ballot], count: Quorum, rules: CommitteeRules) -> Tally:
    """Count lawful ballots against a quorum (domain.md §6.3): more than the share of those present must be for it.

    Whoever abstains or has not voted is present but not for. A tie decides nothing: the item is deferred, nobody has a casting vote.
    Without quorum nothing is carried.
    """
    eligible = {count.seat(member_id) for member_id in count.eligible_ids}
    counted = {seat: b.choice for b in ballots if (seat := count.seat(b.member_id)) in eligible}
    base = {count.seat(member_id) for member_id in count.present_ids} | counted.keys()
    votes = [list(counted.values()).count(choice) for choice in ("for", "against", "abstain")]
    need_for = more_than(rules.decision_share, len(base))
    return Tally(
        votes_for=votes[0],
        against=votes[1],
        abstain=votes[2],
        present=len(base),
        need_for=need_for,
        carried=count.met and votes[0] >= need_for,
        tied=votes[0] == votes[1] > 0,
        complete=counted.keys() >= base,
    )


# long: one line per figure
def as_record(count: Quorum, result: Tally | None = None, extra: Iterable[RuleCheck] = ()) -> dict[str, Any]:
    """Return the figures a decision keeps: plain numbers, and each rule with its arithmetic in both languages."""
    record: dict[str, Any] = {
        key: getattr(count, key)
        for key in (
            "appointed",
            "recused",
            "eligible",
            "need",
            "present",
            "present_external",
            "present_internal",
            "lay",
        )
    }
    record["checks"] = [
        {"code": check.code, "name": check.name.as_dict(), "arithmetic": check.arithmetic.as_dict(), "met": check.met}
        for check in (*count.checks, *extra)
    ]
    if result:
        record |= {
            "votes_for": result.votes_for,
            "against": result.against,
            "abstain": result.abstain,
            "voters": result.present,
            "need_for": result.need_for,
            "unanimous": result.unanimous,
        }
    return record


def votes_digest(item_id: str, motion: str, ballots: Iterable[Ballot]) -> str:
    """Return the SHA-256 of the counted votes in canonical JSON: a decision is bound to exactly these (assurance.md T5).

    It is over the identifiers of the votes, which the ledger anchors with a salt, so that no secret vote can be guessed from it.
    """
    votes = sorted(b.id for b in ballots)
    return hashlib.sha256(rfc8785.dumps({"item": item_id, "motion": motion, "votes": votes})).hexdigest()
