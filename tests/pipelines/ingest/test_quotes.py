"""A quoted field that does not end on its line is refused by its line; no row is lost."""

import csv
import io

import pytest

ROWS = [f"2026-11-{1 + i % 20:02d},{i},East,{i % 7}" for i in range(40)]


def table(end="\n", **changed):
    lines = ["date,sku,location,units", *ROWS]
    for number, text in changed.items():
        lines[int(number[1:]) - 1] = text
    return end.join(lines) + end


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("other", [{}, {"l31": '2026-11-03,"x,East,1'}])
def test_a_lone_quote_is_refused_by_its_line(shop, end, other):
    """It would swallow the lines up to the next quote, or to the end of the file."""
    content = table(end, l12='2026-11-03,"fan,East,1', **other)
    text = shop.write("sales.csv", content).error()
    assert "sales.csv: line 12 has a quoted field that does not end on it" in text
    assert "close the quote" in text


@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
def test_a_quote_open_on_the_last_line_is_refused(shop, end):
    content = table() + '2026-11-03,1,East,"5' + end
    assert "sales.csv: line 42 has a quoted field" in shop.write("sales.csv", content).error()


def test_a_field_of_two_lines_is_refused(shop):
    shop.write("products.csv", 'sku,name\n1,fan\n2,"a\nb"\n3,"c,d"\n')
    assert "products.csv: line 3 has a quoted field" in shop.error()


def test_a_harmless_quote_before_the_open_one_is_not_blamed(shop):
    """A quote amid a field that begins without one is a letter, as 5" is five inches."""
    content = table(l5='2026-11-03,5" pipe,East,1', l20='2026-11-03,"fan,East,1')
    assert "sales.csv: line 20 has" in shop.write("sales.csv", content).error()


def test_quotes_that_end_on_their_line_lose_no_row(shop):
    rows = [["2026-11-20", name, "East", "1"] for name in ('5" pipe', 'a,"b"', '"', "x")]
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([["date", "sku", "location", "units"], *rows])
    content = text.getvalue() + '\r\n2026-11-20,6" pipe,East,1\r\n\r\n'
    sales = shop.write("sales.csv", b"\xef\xbb\xbf" + content.encode()).read().tables["sales"]
    assert sorted(sales["sku"]) == sorted(['5" pipe', 'a,"b"', '"', "x", '6" pipe'])
