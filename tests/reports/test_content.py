"""The content of a report: what fits together is printed, what does not is refused."""

from __future__ import annotations

import re
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
import rfc8785

from governance.paths import TEMPLATES
from governance.reports.consistency import gaps
from governance.reports.labels import LABELS, TITLES
from governance.reports.render import BrokenContent, Issue, record_bytes, render_html
from governance.reports.words import is_blank, is_pair, side, tongue
from tests.reports import invented

ISSUE = Issue("ISS-1", datetime(2026, 10, 30, tzinfo=UTC), "test")
SIZES = [
    invented.Sizes(),
    invented.Sizes(draft=True),
    invented.Sizes(bare=True, committee=False),
    invented.Sizes(items=2, levels=3, phases=1),
]


@pytest.mark.parametrize("content", [*map(invented.case, SIZES), invented.odd(), invented.odd(method="points")])
def test_a_whole_content_has_no_gaps(content: Any) -> None:
    assert gaps(content) == []


BREAKS = [
    (lambda c: c["summary"]["top"][0].update(item="gone"), "item 'gone'"),
    (lambda c: c["risk"]["rated"][0].update(residual=9), "level 9"),
    (lambda c: c["conditions"][0].update(owner="nobody"), "person 'nobody'"),
    (lambda c: c["details"][0]["questions"][0].update(evidence=["E99"]), "evidence 'E99'"),
    (lambda c: c["details"][0]["questions"][0].update(answer="maybe"), "answer 'maybe'"),
    (lambda c: c["document"].update(phase="F9"), "phase 'F9'"),
    (lambda c: c["grid"][0]["cells"].pop(), "grid row F1"),
    (lambda c: c["framework"]["matrix"].pop(), "matrix"),
    (lambda c: c["framework"]["levels"].pop(0), "ranked"),
    (lambda c: c["risk"]["rated"].reverse(), "order"),
    (lambda c: c["sections"][0].update(key="../../secrets"), "section"),
]


@pytest.mark.parametrize(("break_it", "says"), BREAKS, ids=[says for _, says in BREAKS])
def test_a_content_that_does_not_hold_together_is_refused(break_it: Any, says: str) -> None:
    content = deepcopy(invented.case())
    break_it(content)
    with pytest.raises(BrokenContent, match=re.escape(says)):
        render_html(content, lang="ja", issue=ISSUE)


def test_the_record_is_canonical_json_of_the_whole_content() -> None:
    content = invented.case()
    assert record_bytes(content) == rfc8785.dumps(content)
    assert record_bytes(deepcopy(content)) == record_bytes(dict(reversed(list(content.items()))))  # type: ignore[arg-type]


def test_every_label_is_used_and_every_used_label_exists() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in sorted((TEMPLATES / "reports").rglob("*.j2")))
    used = set(re.findall(r"\b(?:L|Li|label)\('(\w+)'", source))
    used |= {"in_body", "in_appendix"}  # chosen by the part of a section
    used |= {"fact", "criteria", "cause", "impact", "recommendation"}  # the five parts of a finding
    used |= {f"mapping_{state}" for state in ("met", "part", "gap", "none")}
    assert used - {"mapping_"} == set(LABELS)


def test_every_section_has_a_title_and_a_template() -> None:
    assert {path.name.removesuffix(".html.j2") for path in (TEMPLATES / "reports" / "sections").iterdir()} == set(
        TITLES
    )


def test_labels_have_the_same_places_in_both_languages() -> None:
    for key, text in LABELS.items():
        assert set(re.findall(r"{(\w+)}", text.ja)) == set(re.findall(r"{(\w+)}", text.en)), key


def test_words_fall_back_to_the_half_that_exists() -> None:
    assert side({"ja": "案件", "en": ""}, "en") == "案件"
    assert side("as entered", "ja") == "as entered"
    assert side(None, "ja") == ""
    assert is_blank(None)
    assert is_blank(" ")
    assert is_blank({"ja": "", "en": ""})
    assert is_pair({"ja": "甲", "en": "A"})
    assert not is_pair({"ja": "A", "en": "A"})
    assert not is_pair({"ja": "甲", "en": ""})
    assert (tongue("水圧計"), tongue("gauge")) == ("ja", "en")
