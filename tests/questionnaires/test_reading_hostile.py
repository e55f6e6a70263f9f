"""Hostile documents are refused with a place, quickly and in little memory; mistakes people make are named in their words."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from governance.questionnaires.definition import Questionnaire
from governance.questionnaires.reading import MAX_PROBLEMS, parse, read, read_text
from governance.refusals import Refusals

N = 1_000_000
HOSTILE = {
    "open sequences": ("[" * N, "seed.too_complex"),
    "open mappings": ("{a: " * (N // 4), "seed.too_complex"),
    "open block sequences": ("- " * (N // 2), "seed.too_complex"),
    "open keys": ("? " * (N // 2), "seed.too_complex"),
    "many parts": ("[" + "1," * (N // 4) + "]", "seed.too_complex"),
    "many keys": ("".join(f"k{n}: 1\n" for n in range(N // 20)), "seed.too_complex"),
    "many aliases": ("a: &x 1\nb: [" + "*x," * (N // 4) + "]", "seed.anchor"),
    "laughs": ("a: &a [l, l]\nb: &b [*a, *a]\nc: &c [*b, *b]\n", "seed.anchor"),
    "one long tag": ("!" * N, "seed.anchor"),
    "many tags": ("! " * (N // 2), "seed.anchor"),
    "code": ("a: !!python/object/apply:os.system [ls]\n", "seed.anchor"),
    "binary tag": ("a: !!binary aGVsbG8=\n", "seed.anchor"),
    "directive": ("%YAML 1.1\n---\na: yes\n", "seed.anchor"),
    "many directives": ("%X y\n" * (N // 5), "seed.anchor"),
    "merge": ("<<: {a: 1}\n", "seed.anchor"),
    "duplicate key": ("a: 1\nb: {c: 1, c: 2}\n", "seed.duplicate_key"),
    "long duplicate key": (f"{{? [{'x,' * 9_000}] : 1}}", "seed.duplicate_key"),
    "no name": ("~: 1\n", "seed.duplicate_key"),
    "two documents": ("---\na: 1\n" * 9_000, "seed.yaml"),
    "cut off": ('a: {b: "c', "seed.yaml"),
    "tabs": ("\t" * N, "seed.yaml"),
    "empty": ("", "seed.not_mapping"),
    "five megabytes": ("x" * 5 * N, "seed.too_large"),
    "one megabyte in three-byte letters": ("a: " + "あ" * 400_000, "seed.too_large"),
    "NUL": ("a: x\0y\n", "seed.character"),
    "escaped NUL": ('a: "\\0"\n', "seed.character"),
    "half a pair": ("a: \ud800\n", "seed.character"),
    "escaped half a pair": ('a: "\\ud800"\n', "seed.character"),
    "escape sequence": ("a: \x1b[2J\n", "seed.character"),
    "byte order mark": ("\ufeffa: 1\n", "seed.encoding"),
    "byte order mark inside": ("a: x\ufeff\n", "seed.character"),
    "endless number": ("a: " + "9" * 100_000, "seed.number"),
    "octal number": ("a: 0o17\n", "seed.number"),
}
SLOW = {
    "a long word": "a: " + "x" * (N - 3),
    "many words": "a: " + "x " * (N // 8),
    "many lines": "a:\n" + " x\n" * (N // 8),
    "folded": "a: >\n" + " x\n" * (N // 8),
    "escapes": 'a: "' + "\\n" * (N // 4) + '"',
    "quotes": "a: '" + "''" * (N // 4) + "'",
    "empty lines": "\n" * (N // 2) + "a: 1",
    "comments": "#\n" * (N // 4) + "a: 1",
}


def refused(text):
    with pytest.raises(Refusals) as caught:
        parse("bad.yaml", text)
    return caught.value.problems


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_refused_with_place_and_reason_in_both_languages(name):
    text, code = HOSTILE[name]
    began = time.process_time()
    (problem,) = refused(text)
    assert time.process_time() - began < 10
    assert problem.code == code
    file, line, column = (problem.place or "").split(":")
    assert file == "bad.yaml"
    assert int(line) >= 1 <= int(column)
    assert problem.text.ja != problem.text.en
    assert len(str(problem.text)) < 500


@pytest.mark.parametrize("name", SLOW)
def test_long_but_plain_text_is_read_in_bounded_time(name):
    began = time.process_time()
    assert list(parse("long.yaml", SLOW[name]).tree) == ["a"]
    assert time.process_time() - began < 2


def test_the_place_is_that_of_the_offence():
    assert refused("a: 1\nb: [x, *y]\n")[0].place == "bad.yaml:2:8"
    assert refused("a: 1\nbc: \x07\n")[0].place == "bad.yaml:2:5"
    assert refused("a: 1\nb: 2\na: 3\n")[0].place == "bad.yaml:3:1"


@pytest.mark.parametrize(
    ("raw", "code", "place"),
    [
        (b"key: \xe3\x81\x82\nb: \xff\xfe", "seed.encoding", "2:4"),
        ("key: 質問\n".encode("cp932"), "seed.encoding", "1:6"),
        ("key: a\n".encode("utf-16"), "seed.encoding", "1:1"),
        ("key: a\n".encode("utf-8-sig"), "seed.encoding", "1:1"),
        (b"\x7fELF\x02\x01\x01\0\0\0", "seed.character", "1:1"),
        (b"PK\x03\x04\x14\0", "seed.character", "1:3"),
        (b"\x89PNG\r\n\x1a\n", "seed.encoding", "1:1"),
        (b"a: 1\n" * N, "seed.too_large", "1:1"),
    ],
)
def test_a_file_that_is_no_text_is_refused(tmp_path, raw, code, place):
    path = tmp_path / "file.yaml"
    path.write_bytes(raw)
    with pytest.raises(Refusals) as caught:
        read(path, Questionnaire)
    assert [(p.code, p.place) for p in caught.value.problems] == [(code, f"file.yaml:{place}")]


# In a process of its own, and beyond what the imports and the texts themselves take.
MEASURED = """
import resource, sys
from governance.questionnaires.reading import parse
from governance.refusals import Refusals
from tests.questionnaires.test_reading_hostile import HOSTILE, SLOW
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for name in sys.argv[1:]:
    try:
        parse("bad.yaml", HOSTILE[name][0] if name in HOSTILE else SLOW[name])
    except Refusals:
        pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize(
    "names",
    [["open sequences", "open mappings", "many aliases", "one long tag"], ["many keys"], ["many words"]],
    ids=" and ".join,
)
def test_hostile_text_takes_little_memory(names):
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *names], capture_output=True, text=True, timeout=60, check=True
    )
    assert int(done.stdout) < 150_000  # KiB


# ---------------------------------------------------------------- shape

HEAD = """key: a
version: "1"
kind: trigger
framework: f
title: {ja: a, en: b}
sections:
- key: s
  questions:
  - key: T1
    topic: {ja: a, en: b}
    text: {ja: a, en: b}
    why: {ja: a, en: b}
    kind: yes_no_unknown
"""


def misshapen(text):
    with pytest.raises(Refusals) as caught:
        read_text("q.yaml", text, Questionnaire)
    return caught.value.problems


@pytest.mark.parametrize(
    ("left", "ja", "en"), [("ja: a", "英語（en）", "English (en)"), ("en: b", "日本語（ja）", "Japanese (ja)")]
)
def test_a_missing_translation_names_field_and_language(left, ja, en):
    (problem,) = misshapen(HEAD.replace("text: {ja: a, en: b}", f"text: {{{left}}}"))
    assert problem.code == "seed.missing"
    assert problem.place == "q.yaml:11:5"
    assert "sections.0.questions.0.text." in problem.text.ja
    assert ja in problem.text.ja
    assert "sections.0.questions.0.text." in problem.text.en
    assert en in problem.text.en


@pytest.mark.parametrize(
    ("when", "code", "words"),
    [
        ("{question: T0}", "seed.union_tag_not_found", "in_phase"),
        ("T0", "seed.union_tag_not_found", "in_pack"),
        ("[T0]", "seed.union_tag_not_found", "at_least"),
        ("{is: [yes]}", "seed.missing", "when.question"),
        ("{question: T0, is: yes}", "seed.list_type", "when.is"),
        ("{question: T0, is: [true]}", "seed.string_type", "when.is.0"),
        ("{not: {question: T0, includes: [a]}}", "seed.string_type", "when.not.includes"),
        ('{any: [{question: T0, at_least: "5"}]}', "seed.int_type", "when.any.0.at_least"),
        ("{question: T0, answered: once}", "seed.bool_type", "when.answered"),
        ("{all: []}", "seed.too_short", "when.all"),
        ("{in_phase: P, question: T0}", "seed.extra_forbidden", "all"),
        ("{question: T0, is: [a], in_pack: X}", "seed.extra_forbidden", "all"),
        ("{question: T0, is: [a], isnt: X}", "seed.extra_forbidden", "when.isnt"),
    ],
)
def test_a_misshapen_condition_is_explained(when, code, words):
    (problem,) = misshapen(f"{HEAD}    when: {when}\n")
    assert problem.code == code
    assert problem.place.startswith("q.yaml:14:")
    assert words in problem.text.ja
    assert words in problem.text.en


@pytest.mark.parametrize(
    "number", ["1e-999999999", "1e999999999", "NaN", "sNaN", "Infinity", "0x10", "0.0000001", "１"]
)
def test_numbers_that_could_not_be_computed_with_are_refused(number):
    kind = HEAD.replace("yes_no_unknown", "number")
    (problem,) = misshapen(f'{kind}    minimum: "{number}"\n')
    assert problem.place == "q.yaml:14:5"


def test_a_flood_of_mistakes_is_cut_and_counted():
    began = time.process_time()
    problems = misshapen(HEAD + "".join(f"x{n}: 1\n" for n in range(4_000)))
    assert time.process_time() - began < 2
    assert len(problems) == MAX_PROBLEMS + 1
    assert problems[-1].code == "seed.more"
    assert "3900" in problems[-1].text.ja
