"""Both languages say the same things."""

import re
from pathlib import Path

import pytest

from pipelines.publish.texts import LANGUAGES, filled, load_texts, placeholders
from stockwright.errors import ConfigError


def test_every_language_has_the_same_codes() -> None:
    codes = [
        {section: sorted(texts) for section, texts in load_texts(language).sections.items()}
        for language in LANGUAGES
    ]
    assert codes[0] == codes[1]


def test_every_language_has_the_same_placeholders() -> None:
    english, chinese = (load_texts(language).sections for language in LANGUAGES)
    for section, texts in english.items():
        for code, text in texts.items():
            assert placeholders(text) == placeholders(chinese[section][code]), (section, code)


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ("1", "in 1 day, it is late"),
        ("2", "in 2 days, they are late"),
        ("0", "in 0 days, they are late"),
        ("0.5", "in 0.5 days, they are late"),
        ("1.5", "in 1.5 days, they are late"),
        (1, "in 1 day, it is late"),
    ],
)
def test_nouns_and_verbs_agree_with_their_number(days, said) -> None:
    assert filled("in {days:day|days}, {days:=it is|they are} late", {"days": days}) == said


def test_a_number_that_is_missing_is_a_question_mark() -> None:
    assert filled("{sku} in {days:day|days}", {"sku": "a"}) == "a in ? days"


def test_no_english_text_puts_a_plural_behind_any_number() -> None:
    """Nouns of {1:unit|units} agree; a noun in the plural right behind a number does not."""
    nouns = "units|days|hours|lines|keys|rows|tables|totals|SKUs|are|were|have"
    loose = re.compile(rf"\{{\w+\}} (?:{nouns})\b")
    sections = load_texts("en").sections
    found = {
        (section, code): text
        for section, texts in sections.items()
        for code, text in texts.items()
        if loose.search(text)
    }
    assert found == {}


def test_every_message_comes_with_a_suggestion() -> None:
    sections = load_texts("en").sections
    assert set(sections["messages"]) == set(sections["suggestions"]) - {"OTHER"}


def test_an_unknown_language_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match="en, zh"):
        load_texts("fr")


def test_every_limit_that_takes_units_comes_with_a_suggestion() -> None:
    sections = load_texts("en").sections
    cutting = {code for code in sections["limits"] if not code.startswith("RAISED_TO_")}
    assert cutting == set(sections["limit_suggestions"])


def test_every_code_of_a_finding_has_a_message_and_a_suggested_act() -> None:
    """The codes are read out of the sources: whatever is found is also explained."""
    root = Path(__file__).parents[3]
    sources = [p.read_text("utf-8") for p in root.glob("[prs]*/**/*.py")]
    named = re.compile(r'(?:Finding|_findings|findings_of)\(\s*"([A-Z_]+)"')
    codes = {code for text in sources for code in named.findall(text)}
    assert {"LIMIT_CUT", "OVERRIDE_COST", "LINE_IMPOSSIBLE", "NO_LANE"} <= codes
    for language in LANGUAGES:
        texts = load_texts(language)
        for section in ("messages", "suggestions"):
            assert [code for code in sorted(codes) if not texts.knows(section, code)] == []
