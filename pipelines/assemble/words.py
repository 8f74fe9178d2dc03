"""The words of the products' names as codes that the panel can carry."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.assemble.situation import Texts

# A word is two or more letters; of a script without spaces every pair of neighbours is one.
_WORD = r"(?=([\u3040-\u30ff\u3400-\u9fff]{2}))|((?:[^\W\d_\u3040-\u30ff\u3400-\u9fff]){2,})"
# So many words of a name count, those that come first.
_MOST_WORDS = 8


def word_codes(names: Texts) -> dict[str, NDArray[np.int32]]:
    """word_1, word_2, ...: (skus,) codes of the words of each name, -1 for none; none is twice in
    one name. All share one list of words, sorted: those that two or more names have.
    """
    texts = pd.Series(names, dtype=object).astype(str).str.lower()
    found = texts.str.extractall(_WORD)
    words = pd.DataFrame(
        {"sku": found.index.get_level_values(0), "word": found[0].fillna(found[1]).to_numpy(object)}
    ).drop_duplicates()
    words = words[words.groupby("word")["sku"].transform("size") >= 2]
    code, _ = pd.factorize(words["word"], sort=True)
    sku, place = words["sku"].to_numpy(np.int64), words.groupby("sku").cumcount().to_numpy()
    table = np.full((_MOST_WORDS, len(names)), -1, np.int32)
    kept = place < _MOST_WORDS
    table[place[kept], sku[kept]] = code[kept]
    used = int((table >= 0).any(axis=1).sum())
    return {f"word_{at + 1}": table[at] for at in range(used)}
