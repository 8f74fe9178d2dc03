"""Stock that expires is replaced in time, and named."""


def batches(shop, fan_at_east):
    """Inventory with expiry dates: of the fan at East one batch, none of all else."""
    text = shop.text("inventory").splitlines()
    header, *rows = (",".join(row.split(",")[:3]) for row in text)
    lines = [f"{header},expiry_date"]
    lines += [f"{row},{fan_at_east if row.startswith('fan,East') else ''}" for row in rows]
    return shop.write("inventory.csv", "\n".join(lines) + "\n")


def exceptions(night, code):
    found = night.table("exceptions")
    return found[found["code"] == code]


def policy(night, sku, location):
    rows = night.table("policy")
    [row] = rows[(rows["sku"] == sku) & (rows["location"] == location)].to_dict("records")
    return row


def test_a_batch_that_expires_unsold_is_named_and_bought_anew(shop):
    shop.change("inventory", "fan,East,14", "fan,East,400")
    lasting = batches(shop, "2030-12-31").night()
    assert ("fan", "East") not in lasting.units("transfers")
    assert exceptions(lasting, "EXPIRY").empty
    night = batches(shop, "2026-11-29").night("2026-11-22", "--force")
    assert night.code == 0
    [row] = exceptions(night, "EXPIRY").to_dict("records")
    assert (row["sku"], row["location"]) == ("fan", "East")
    assert "2026-11-29" in row["message"]
    assert row["suggestion"] != "Look at it"
    assert night.units().get(("fan", "Central"), 0) >= lasting.units().get(("fan", "Central"), 0)


def test_available_stock_of_the_plan_is_without_what_expires_before_the_interval_ends(shop):
    """A week sells about 12 of 400; the transfer protects two weeks, so the rest goes."""
    shop.change("inventory", "fan,East,14", "fan,East,400")
    night = batches(shop, "2026-11-29").night()
    assert 5 < float(policy(night, "fan", "East")["available"]) < 25
    others = batches(shop, "").night("2026-11-22", "--force")
    assert float(policy(others, "fan", "East")["available"]) == 400
    assert policy(night, "lamp", "East") == policy(others, "lamp", "East")
