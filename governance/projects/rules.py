"""Decisions about projects that need no database: numbering, what a project must tell, relations of a person to a project."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from governance.questionnaires.definition import Framework
from governance.refusals import Problem
from governance.texts import Text

LIMITS = {"name": 120, "summary": 2000, "customer": 200, "end_subjects": 300, "system_version": 120, "department": 120}


@dataclass(frozen=True)
class Particulars:
    """What a project says about itself. Lists hold codes of the framework; the rest is text as entered."""

    name: str
    sector: str
    regions: Sequence[str]
    own_roles: Sequence[str]
    techniques: Sequence[str]
    name_en: str = ""
    summary: str = ""
    summary_en: str = ""
    customer: str = ""
    customer_en: str = ""
    end_subjects: str = ""
    end_subjects_en: str = ""
    system_version: str = ""
    department: str = ""
    department_en: str = ""


class Membership(Protocol):
    """What relations are computed from: a person's part in a project and whether it is current."""

    user_id: str
    part: str

    @property
    def is_current(self) -> bool: ...


def check_particulars(framework: Framework, given: Particulars) -> list[Problem]:
    """Return everything that is missing or unknown in what a project says about itself (domain.md §1.7)."""
    return [*_problems_of_texts(given), *_problems_of_codes(framework, given)]


def _problems_of_texts(given: Particulars) -> Iterator[Problem]:
    if not given.name.strip():
        said = Text("案件の名称を入力してください。", "Enter the name of the project.")
        yield Problem("projects.name", said, "name")
    for field, limit in LIMITS.items():
        if len(getattr(given, field)) > limit:
            said = Text(f"{limit}文字以内で入力してください。", f"Use at most {limit} characters.")
            yield Problem("projects.too_long", said, field)


def _problems_of_codes(framework: Framework, given: Particulars) -> Iterator[Problem]:
    for field, codes, known in (
        ("sector", [given.sector], framework.sectors),
        ("regions", given.regions, framework.regions),
        ("own_roles", given.own_roles, framework.own_roles),
        ("techniques", given.techniques, framework.techniques),
    ):
        if not [code for code in codes if code]:
            yield Problem("projects.choose", Text("1つ以上選んでください。", "Choose at least one."), field)
        elif not {*codes} <= {part.code for part in known}:
            said = Text("一覧にない値です。選び直してください。", "This is not in the list; choose again.")
            yield Problem("projects.unknown", said, field)


def relations(members: Iterable[Membership], user_id: str) -> frozenset[str]:
    """Return how a person stands to a project: `project.owner`, `project.member`, `project.approver`, `project.ever`."""
    found = set()
    for member in members:
        if member.user_id != user_id:
            continue
        found.add("project.ever")
        if member.is_current:
            found.add(f"project.{member.part}")
            if member.part == "owner":
                found.add("project.member")
    return frozenset(found)


def next_number(year: int, taken: Iterable[str], prefix: str = "AIG") -> str:
    """Return the next free number of the year, `AIG-2026-014`."""
    start = f"{prefix}-{year}-"
    highest = max((int(number.removeprefix(start)) for number in taken if number.startswith(start)), default=0)
    return f"{start}{highest + 1:03d}"
