"""Every sentence exists in English, and dates, sizes and states are written as people write them."""

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.extract import extract_from_dir

from governance import catalogue, formats
from governance.states import STATES, state_of
from governance.texts import Text

TOKYO = ZoneInfo("Asia/Tokyo")
KEYWORDS = {"_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
SKIPPED = {"node_modules", "shipped", "__pycache__", "var", "tests"}


def wanted() -> dict[str, set[str]]:
    """Return every sentence that asks for a translation, with the files it stands in."""
    found: dict[str, set[str]] = {}
    methods = [("governance/**.py", "python"), ("templates/**.html", "jinja2")]
    for file, _line, message, _comments, _context in extract_from_dir(
        ".",
        method_map=methods,
        options_map={"templates/**.html": {"silent": "false"}},
        keywords=KEYWORDS,
        directory_filter=lambda path: Path(path).name not in SKIPPED and not Path(path).name.startswith("."),
    ):
        found.setdefault(message[0] if isinstance(message, tuple) else message, set()).add(file)
    return found


def test_every_sentence_has_its_english() -> None:
    english = catalogue.read()
    missing = {}
    for sentence, files in wanted().items():
        message = english.get(sentence)
        strings = [] if message is None else [message.string] if isinstance(message.string, str) else message.string
        if not strings or not all(strings) or (message is not None and message.fuzzy):
            missing[sentence] = files
    stub = "\n".join(f'# {", ".join(sorted(files))}\nmsgid "{s}"\nmsgstr ""\n' for s, files in missing.items())
    assert not missing, f"add to translations/en/LC_MESSAGES/<feature>.po:\n{stub}"


def test_no_translation_is_left_over() -> None:
    used = wanted()
    assert [m.id for m in catalogue.read() if m.id and (m.id if isinstance(m.id, str) else m.id[0]) not in used] == []


def test_places_in_a_sentence_are_the_same_in_english() -> None:
    assert [error for _message, errors in catalogue.read().check() for error in errors] == []


# --- dates -----------------------------------------------------------------------------------------------------------


def test_dates_are_written_as_people_write_them() -> None:
    night = datetime(2026, 11, 17, 16, 0, tzinfo=ZoneInfo("UTC"))
    assert formats.day(night, TOKYO) == Text("11/18（水）", "Wed 18 Nov")
    assert formats.long_day(date(2026, 11, 20), TOKYO) == Text("2026年11月20日（金）", "Friday, 20 November 2026")
    assert formats.record_time(night, TOKYO) == "2026-11-18 01:00"
    assert formats.recent(night, night, TOKYO).ja == "今日 01:00"
    assert formats.recent(night, night + timedelta(days=1), TOKYO) == Text("昨日 01:00", "Yest. 01:00")
    assert formats.recent(night, night + timedelta(days=9), TOKYO).en == "18 Nov 01:00"
    assert formats.recent(night, night + timedelta(days=99), TOKYO).ja == "2026-11-18"


@pytest.mark.parametrize(
    ("days", "tone", "ja", "en"),
    [
        (-2, "late", "2日超過", "2 days late"),
        (0, "soon", "今日まで", "Due today"),
        (1, "soon", "あと1日", "1 day left"),
        (7, "meta", "あと7日", "7 days left"),
    ],
)
def test_what_is_left_is_said_in_days(days: int, tone: str, ja: str, en: str) -> None:
    today = date(2026, 11, 20)
    assert formats.left(today + timedelta(days=days), today) == (tone, Text(ja, en))


def test_sizes_and_digests_are_short() -> None:
    assert [formats.size(n) for n in (12, 240_000, 1_800_000)] == ["12 B", "240 kB", "1.8 MB"]
    assert formats.short_digest("9f3c" + "0" * 56 + "e1a7") == "9f3c…e1a7"
    assert formats.long_digest("ab" * 32).count(" ") == 7


def test_states_are_told_apart_by_word_in_both_languages() -> None:
    for code, state in STATES.items():
        assert state.text.ja
        assert state.text.en
        assert f'id="i-{state.icon}"' in Path("templates/macros/icons.html").read_text(), code
    assert state_of("open", "meeting").text.ja == "開会中"
    assert state_of("open", "condition").text.ja == "未着手"
