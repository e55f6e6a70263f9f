"""What every written file of the demonstration is made of: checked parts, papers, and conditions with what became of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

Said = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Clock = Annotated[str, StringConstraints(pattern=r"^[0-2][0-9]:[0-5][0-9]$")]
Choice = Literal["approved", "approved_with_conditions", "returned", "deferred", "rejected", "escalated"]


class Written(BaseModel):
    """A part of a file: strict, frozen, and without words nobody reads."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Paper(Written):
    """A piece of evidence: a small generated file, or a link.

    `supports` names the questions it is attached to; a pack (VIS) stands for its questions that are not answered otherwise, and
    `says` is the remark of those the team says nothing more about.
    """

    key: str = ""
    title: Said
    title_en: Said
    filename: str = ""
    url: str = ""
    supports: list[Said] = []
    says: str = ""

    def backs(self, key: str) -> bool:
        """Say whether the paper shows what is asked, alone or with the rest of its pack."""
        return key in self.supports or pack_of(key) in self.supports


def pack_of(key: str) -> str:
    """Return the pack a question is named after ("VIS" of "VIS03"); of other questions what is left of their key."""
    return key.rstrip("0123456789")


class Done(Written):
    """A report of a condition: what was done and what shows it."""

    day: int
    report: Said
    evidence: Paper


class Verdict(Written):
    """A verifier's word on a reported condition."""

    day: int
    verdict: Said


class Condition(Written):
    """A condition of a decision and what became of it."""

    text: Said
    text_en: Said
    kind: Literal["pre_start", "pre_launch", "periodic"]
    owner: Said
    verifier: Said
    due: int
    reported: Done | None = None
    verified: Verdict | None = None
    rejected: Verdict | None = None
