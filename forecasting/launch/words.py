"""What the words of a product's name say of its level.

The level over what the attributes let expect is regressed on the words of the name, rare ones
weighing more (the weights of Spaerck Jones 1972, scaled to length 1), with a ridge penalty (Hoerl
& Kennard 1970). The penalty is the one under which each past launch is best told by all others;
where no penalty beats leaving the words alone, they say nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from forecasting.launch.like_products import trust_of, usual_ratio
from stockwright.panel import DemandPanel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: Attributes of a panel that hold the words of the names: word_1, word_2, ... share their codes.
WORD = "word_"
# Penalties to choose from: a name of its own words weighs 1 / penalty of a launch.
_PENALTIES = (10.0, 20.0, 40.0, 80.0, 160.0)
# A grown-up product tells as much of words as this share of a launch.
_GROWN_WEIGHT = 0.1
_LEAST_FACTOR, _MOST_FACTOR = 0.2, 5.0
# The commonest words are learned, which bounds the work.
_MOST_WORDS = 1000
_CHUNK = 4096


def name_words(panel: DemandPanel) -> sparse.csr_array:
    """Which words the name of each SKU has, (skus, words) of 0 and 1."""
    columns = [codes for name, codes in panel.attributes.items() if name.startswith(WORD)]
    skus, first = np.unique(panel.index.sku, return_index=True)
    codes = np.array([values[first] for values in columns], np.int64).reshape(-1, len(skus))
    shape = (len(panel.index.skus), int(codes.max(initial=-1)) + 1)
    column, row = np.nonzero(codes >= 0)
    ones = np.ones(len(row))
    found = sparse.coo_array((ones, (skus[row], codes[column, row])), shape=shape).tocsr()
    found.data[:] = 1.0
    return found


def learn_words(
    words: sparse.csr_array, sku: Ints, kind: Ints, units: Floats, mean: Floats, noise: Floats
) -> tuple[Floats, Floats]:
    """Factor of each SKU by its words, (skus,), and of each launch had it not been there itself.

    words: see ``name_words``. sku, kind: (rows,) of the evidence, kind 0 for a launch. units, mean:
    (rows,) sold, and what the attributes let expect. noise: variance and dispersion, see
    ``like_products.learn_effects``. Second result: (rows of kind 0,).
    """
    launched = np.flatnonzero(kind == 0)
    scaled = _weighted(words, sku)
    if not scaled.shape[1]:
        return np.ones(words.shape[0]), np.ones(len(launched))
    miss, weight = np.zeros(len(units)), np.zeros(len(units))
    for each, share in enumerate((1.0, _GROWN_WEIGHT)):
        rows = kind == each
        trust = trust_of(mean[rows], float(noise[0]), float(noise[1]))
        miss[rows] = usual_ratio(units[rows], mean[rows], trust) - 1.0
        weight[rows] = share * trust
    effect, alone = _ridge(scaled[sku], miss, weight, launched)
    factor = np.clip(1.0 + scaled @ effect, _LEAST_FACTOR, _MOST_FACTOR)
    return factor, np.clip(1.0 + alone, _LEAST_FACTOR, _MOST_FACTOR)


def _weighted(words: sparse.csr_array, sku: Ints) -> sparse.csr_array:
    """The commonest words that two or more rows share, rare ones weighing more, by SKU."""
    count = np.asarray(words[sku].sum(axis=0)).ravel()
    kept = np.argsort(-count, kind="stable")[:_MOST_WORDS]
    kept = kept[count[kept] >= 2]
    found = words[:, kept] * np.log(len(sku) / np.maximum(count[kept], 1.0))[None, :]
    length = np.sqrt(np.asarray((found**2).sum(axis=1)).ravel())
    return sparse.csr_array(found.multiply(1.0 / np.maximum(length, 1e-9)[:, None]))


def _ridge(
    design: sparse.csr_array, miss: Floats, weight: Floats, launched: Ints
) -> tuple[Floats, Floats]:
    """Effect of each word, and of each launch what the other rows let expect of it."""
    product = (design.T @ sparse.csr_array(design.multiply(weight[:, None]))).toarray()
    told = design.T @ (weight * miss)
    own, own_miss, own_weight = design[launched], miss[launched], weight[launched]
    best = float(own_weight @ own_miss**2)
    effect, alone = np.zeros(len(told)), np.zeros(len(launched))
    for penalty in _PENALTIES:
        inverse = linalg.inv(product + penalty * np.eye(len(told)), check_finite=False)
        slope = inverse @ told
        reach = own_weight * _squares(own, inverse)
        fitted = own @ slope
        # What a row expects without itself follows from its own weight in the fit (Allen 1974).
        rest = fitted - reach / (1.0 - reach) * (own_miss - fitted)
        loss = float(own_weight @ (own_miss - rest) ** 2)
        if loss < best:
            best, effect, alone = loss, slope, rest
    return effect, alone


def _squares(design: sparse.csr_array, inverse: Floats) -> Floats:
    """x' A x of each row x, (rows,), in chunks that bound the memory."""
    out = np.zeros(design.shape[0])
    for start in range(0, len(out), _CHUNK):
        part = design[start : start + _CHUNK]
        out[start : start + _CHUNK] = np.asarray(part.multiply(part @ inverse).sum(axis=1)).ravel()
    return out
