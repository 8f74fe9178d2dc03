"""The files of a night as a whole."""


def test_same_night_gives_the_same_bytes(publish) -> None:
    first, second = publish("first"), publish("second")
    names = sorted(path.name for path in first.iterdir())
    assert names == sorted(path.name for path in second.iterdir())
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
