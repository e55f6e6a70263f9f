"""A framework of four phases, eleven items, five levels and three answers is reported without a change of the program (design.md §3.1)."""

from __future__ import annotations

from pathlib import Path

from governance.projects.rules import Particulars
from governance.reports.case import read_case
from governance.reports.compose import Imprint, compose
from governance.reports.consistency import gaps
from governance.reports.render import Issue, render_html
from governance.screenings.models import Screening
from governance.storage.database import Database
from tests import other_framework
from tests.builders import answered, opened, registered, submitted, world

PARTICULARS = Particulars(
    name="架空の図書館AI", sector="library", regions=["east"], own_roles=["owner"], techniques=["rules"]
)


def test_another_framework_is_reported_as_it_is(database: Database, tmp_path: Path) -> None:
    made = world(database, other_framework.write(tmp_path / "seeds"))
    screening_id = opened(made, registered(made, PARTICULARS), "idea")
    answered(
        made, screening_id, {"K1": "yes"}, {"X1safea": "nil"}, default="half", ratings={"safe": (5, 5), "kind": (2, 3)}
    )
    submitted(made, screening_id)
    with made.acting("auditor", read_only=True) as work:
        row = work.session.get_one(Screening, screening_id)
        content = compose(read_case(work, row.project, row), Imprint("AIG-R1-2026-0001", 1, "2026-12-01"))
        assert gaps(content) == []
        assert [len(content["framework"][part]) for part in ("phases", "items", "levels", "answers", "severity")] == [
            4,
            11,
            5,
            3,
            5,
        ]  # type: ignore[literal-required]
        assert [len(line["cells"]) for line in content["grid"]] == [11] * 4
        assert content["findings"][0]["questions"] == ["X1safea"]
        assert content["risk"]["changes"][0]["change"] == "S 2 → 4"
        page = render_html(content, lang="both", issue=Issue("AIG-R1-2026-0001", work.now, "試験"))
    for item in other_framework.ITEMS:
        assert f"{item}（和）" in page
        assert f"{item} (en)" in page
