"""A wrong configuration or call ends with 2, names the key and the way out, and runs nothing."""

import pytest


def refused(shop, night, *words):
    assert night.code == 2
    assert not (shop.out / "latest").exists()
    for word in words:
        assert word in night.message
    assert "Traceback" not in night.said
    return True


def test_a_typo_names_the_nearest_key(shop):
    shop.write("stockwright.toml", 'period = "week"\nhorizont = 8\n[budget]\ntotl = 5\n')
    words = ("stockwright.toml: 2 problems", "budget.totl", "'total'", "horizont", "'horizon'")
    assert refused(shop, shop.night(), *words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('period = "weeks"\n', ("period", "'day' or 'week'", "'weeks'")),
        ("[gates]\nbad_row_share = 2\n", ("gates.bad_row_share", "less than or equal to 1")),
        ("[budget]\ntotal = -1\n", ("budget.total", "greater than or equal to 0")),
        ('[service]\nmode = "best"\n', ("service.mode", "'money'", "'best'")),
        ('[output]\nlanguage = "fr"\n', ("output.language", "'en'", "'zh'")),
        ('preset = "oms_cm"\n', ("oms_cm", "oms_cn")),
        ('[map.sales]\nskuu = "code"\n', ("map.sales", "skuu", "sku")),
        ('period = "week\n', ("stockwright.toml is not valid TOML", "line 1")),
    ],
)
def test_a_wrong_value_is_refused_with_its_key(shop, text, words):
    shop.write("stockwright.toml", text)
    assert refused(shop, shop.night(), *words)


@pytest.mark.parametrize(
    ("date", "words"),
    [
        ("2026-11-20", ("2026-11-15", "2026-11-22")),
        ("2026-11-23", ("2026-11-22", "2026-11-29")),
        ("2026-02-30", ("2026-02-30",)),
        ("tonight", ("tonight", "2026-11-21")),
    ],
)
def test_a_date_that_closes_no_week_names_both_sundays(shop, date, words):
    assert refused(shop, shop.night(date), *words)


def test_a_wrong_configuration_leaves_the_last_plan(shop):
    assert shop.night("2026-11-15").code == 0
    before = shop.files("latest")
    shop.configure(gates__bad_row_shere="0.1")
    assert shop.night().code == 2
    assert shop.files("latest") == before


def test_other_inputs_are_refused_and_published_by_force_alone(shop):
    shop.night()
    before = shop.files()
    again = shop.night()
    assert again.code == 0
    assert "Unchanged" in again.said
    shop.append("sales", "2026-11-22,fan,East,60,12")
    night = shop.night()
    assert night.code == 2
    assert "sales.csv" in night.message
    assert "--force" in night.message
    assert shop.files() == before
    assert shop.night("2026-11-22", "--force").code == 0
    assert shop.files()["orders.csv"] != before["orders.csv"]


def test_a_data_folder_that_is_not_there_is_refused(shop):
    night = shop.night(data=str(shop.data / "nowhere"))
    assert refused(shop, night, "nowhere is not there", "--data")
