"""How the product says no: one exception type with a code and a sentence in both languages.

Rules and services raise a `Refusal` when an act is not allowed or an input makes no sense. Pages show it in the reader's
language beside what was entered, the command line prints it, tests assert its code. Nothing is changed when one is raised,
because the unit of work that saw it is rolled back.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from governance.texts import Text


class Refusal(Exception):
    """An act was refused. `code` is stable (`reviews.no_quorum`), `text` says what is wrong and what to do.

    `place` names the field or record concerned (`severity`, `P1a`), so that a form can show the sentence beside it.
    """

    kind = "refused"

    def __init__(self, code: str, ja: str, en: str, *, place: str | None = None, **values: object) -> None:
        self.code = code
        self.text = Text(ja, en).filled(**values) if values else Text(ja, en)
        self.place = place
        super().__init__(f"{code}: {self.text.ja} / {self.text.en}")


class NotFound(Refusal):
    """The thing does not exist, or the actor may not know that it does (answered with 404 either way)."""

    kind = "not_found"

    def __init__(self, code: str = "not_found") -> None:
        super().__init__(
            code,
            "お探しのものは見つかりません。削除されたか、閲覧の権限がない可能性があります。",
            "Not found. It may have been removed, or you may not have permission to see it.",
        )


class Forbidden(Refusal):
    """The actor may see the thing but not do this act with it (answered with 403)."""

    kind = "forbidden"


class Conflict(Refusal):
    """Somebody changed the record since the actor opened it (answered with 409 and what both sides wrote).

    `theirs` is what is stored now, `mine` what was sent, `base` what both began with where that is known: flat mappings of field
    to shown text.
    """

    kind = "conflict"

    def __init__(
        self,
        code: str,
        ja: str,
        en: str,
        *,
        mine: dict[str, str],
        theirs: dict[str, str],
        rev: int,
        place: str | None = None,
        base: dict[str, str] | None = None,
        **values: object,
    ) -> None:
        super().__init__(code, ja, en, place=place, **values)
        self.mine, self.theirs, self.base, self.rev = mine, theirs, base or {}, rev


@dataclass(frozen=True)
class Problem:
    """One thing wrong with an input that has several: shown in a list, each with its place."""

    code: str
    text: Text
    place: str | None = None


@dataclass
class Refusals(Exception):
    """Several problems found at once (a form, a submit with gaps, a seed file)."""

    problems: list[Problem] = field(default_factory=list)
    kind: str = "refused"

    def __str__(self) -> str:
        return "\n".join(f"{p.place or ''}: {p.text.ja} / {p.text.en}" for p in self.problems)

    @classmethod
    def raise_any(cls, problems: list[Problem]) -> None:
        """Raise when there is any problem; say nothing otherwise."""
        if problems:
            raise cls(problems)
