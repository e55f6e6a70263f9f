from dataclasses import dataclass

import pytest

from governance.accounts.rules import PERMISSIONS, RELATIONS, ROLES, authorize, may, may_ever, names
from governance.refusals import Forbidden

ACTS_ON_CASES = [
    code
    for code in PERMISSIONS
    if code.split(":")[0] in {"screening", "review", "stop", "meeting", "condition", "item"}
    and code not in {"screening:open", "screening:withdraw"}
]


@dataclass(frozen=True)
class Somebody:
    roles: frozenset[str] = frozenset()


def somebody(*roles: str) -> Somebody:
    return Somebody(frozenset(roles))


def test_every_holder_and_every_bar_is_a_known_role_or_relation() -> None:
    known = ROLES.keys() | RELATIONS.keys()
    for code, row in PERMISSIONS.items():
        assert row.holders, code
        assert row.holders | row.never <= known, code


@pytest.mark.parametrize("code", ACTS_ON_CASES)
def test_administrators_and_auditors_never_act_on_cases(code: str) -> None:
    everything = frozenset(RELATIONS) | frozenset(ROLES) - {"administrator", "auditor"}
    harmless = everything - PERMISSIONS[code].never
    assert may(Somebody(harmless), code)
    assert not may(Somebody(harmless | {"administrator"}), code)
    assert not may(Somebody(harmless | {"auditor"}), code)


def test_an_auditor_sees_cases_and_the_ledger_and_changes_nothing() -> None:
    held = {code for code in PERMISSIONS if may(somebody("auditor"), code)}
    assert held == {
        "body:view",
        "erasure:view",
        "project:view",
        "committee:view",
        "report:download",
        "report:issue-house",  # an act on the register of reports alone; no case, no answer, no decision changes
        "report:view-house",
        "ledger:view",
        "ledger:verify",
        "questionnaire:view",
        "kyt:view",
        "training:view",
        "training:overview",
    }


@pytest.mark.parametrize("code", [code for code in PERMISSIONS if code.startswith("review:")])
def test_an_expert_who_ever_belonged_to_the_project_does_not_review_it(code: str) -> None:
    assert may(somebody("expert"), code)
    assert not may(somebody("expert"), code, frozenset({"project.ever"}))


def test_a_recused_member_neither_votes_nor_sees_the_case() -> None:
    member = frozenset({"committee.member"})
    assert may(somebody("external_member"), "meeting:vote", member)
    assert not may(somebody("external_member"), "meeting:vote", member | {"item.recused"})
    assert not may(somebody("external_member"), "project:view", member | {"item.recused"})


def test_nobody_verifies_a_condition_they_own() -> None:
    assert may(somebody("member"), "condition:verify", frozenset({"condition.verifier"}))
    assert not may(somebody("member"), "condition:verify", frozenset({"condition.verifier", "condition.owner"}))


def test_a_person_without_any_role_may_nothing() -> None:
    assert not [code for code in PERMISSIONS if may(somebody(), code) or may_ever(somebody(), code)]


def test_the_door_opens_for_whoever_could_stand_in_a_relation_but_not_for_the_barred() -> None:
    assert may_ever(somebody("member"), "screening:answer")
    assert not may(somebody("member"), "screening:answer")
    assert not may_ever(somebody("member", "administrator"), "screening:answer")
    assert not may_ever(somebody("member"), "account:manage")


def test_whatever_somebody_may_the_door_lets_through() -> None:
    for code in PERMISSIONS:
        for role in ROLES:
            for relation in [frozenset[str](), *(frozenset({one}) for one in RELATIONS)]:
                if may(somebody(role), code, relation):
                    assert may_ever(somebody(role), code), (role, code)


def test_a_refusal_says_who_may() -> None:
    with pytest.raises(Forbidden) as refused:
        authorize(somebody("member"), "meeting:plan")
    assert "委員会事務局" in refused.value.text.ja
    assert "Committee secretariat" in refused.value.text.en


def test_a_bar_is_told_from_a_missing_role() -> None:
    with pytest.raises(Forbidden) as refused:
        authorize(somebody("expert"), "review:opine", frozenset({"project.ever"}))
    assert refused.value.code == "accounts.barred"
    assert "関わったことのある人" in refused.value.text.ja


def test_names_stand_in_the_order_of_the_table() -> None:
    assert names(frozenset({"project.owner", "expert", "member"})).en.startswith(
        "Project member, AI ethics expert team"
    )
