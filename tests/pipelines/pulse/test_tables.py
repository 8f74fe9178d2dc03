"""Files of a pulse are written as those of a night."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.publish import cells
from pipelines.pulse.tables import ranked, write_csv

TEXTS = st.text(st.sampled_from("a1=+-@'\t\r\n＝＋－＠,\"中"), max_size=6)


@given(st.lists(TEXTS, min_size=1, max_size=8))
def test_texts_are_as_harmless_as_those_of_a_night(tmp_path_factory, texts):
    """Byte order mark, quotes and guards against formulas give every text back."""
    column = np.array(texts, object)
    folder = tmp_path_factory.mktemp("cells")
    path = write_csv(folder / "a.csv", {"x": column, "n": np.arange(len(texts))})
    night = cells.write_csv(folder / "b.csv", {"x": column, "n": np.arange(len(texts))})
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert cells.read_csv(path) == cells.read_csv(night)
    assert cells.read_csv(path)["x"] == texts


@given(st.lists(st.tuples(st.sampled_from("abcä中"), st.integers(0, 3)), max_size=8))
def test_rows_are_ranked_as_python_sorts_them(rows):
    """By the last column first, equal rows in the order given."""
    text = np.array([row[0] for row in rows], object)
    number = np.array([row[1] for row in rows], np.int64)
    order = ranked(text, number).tolist()
    assert order == sorted(range(len(rows)), key=lambda i: (rows[i][1], rows[i][0]))
