"""An export of a Chinese order-management system, read with the packaged preset."""

from pipelines.ingest import demand_lines

SALES = """订单号,付款时间,商品编码,仓库,数量,实付单价,店铺,收货省份,订单类型,买家留言
T1,2026/11/20 09:31:07,00123,华东仓,2,99.5,天猫旗舰店,浙江,销售,
T2,2026/11/20 10:02:55,00123,华东仓,1,89.5,抖音店,上海,销售,尽快发货
T3,2026/11/20 11:00:00,00123,华东仓,1,0,天猫旗舰店,浙江,赠品,
T4,2026/11/21 00:00:01,00123,华东仓,-1,99.5,天猫旗舰店,浙江,退货,
T5,2026/11/21 08:15:00,00123,华东仓,1,99.5,天猫旗舰店,浙江,仅退款,
T6,2026/11/21 12:40:30,00123,华东仓,1,99.5,天猫旗舰店,浙江,换货,
T7,2026/11/21 13:00:00,123,华南仓,5,0,天猫旗舰店,广东,样品,
T8,2026/11/21 14:00:00,123,华南仓,9,1,测试店,广东,测试,
T9,2026/11/22 21:59:59,123,华南仓,3,20,天猫旗舰店,广东,销售,
"""
INVENTORY = """商品编码,仓库,库存数量,占用数量,库存状态,货权
00123,华东仓,40,3,良品,自有
00123,华东仓,2,0,次品,自有
123,华南仓,-1,0,正品,寄售
"""
LOCATIONS = """仓库,仓库类型,是否计入库存,是否发货
中心仓,中心仓,是,否
华东仓,区域仓,是,是
华南仓,区域仓,是,是
"""


def test_an_order_management_export_is_read_as_it_is(shop):
    for name, text in (("sales", SALES), ("inventory", INVENTORY), ("locations", LOCATIONS)):
        shop.write(f"{name}.csv", text.encode("gb18030"))
    ingested = shop.read(preset="oms_cn")
    tables = ingested.tables
    assert ingested.rejected.empty
    assert tables["sales"]["order_type"].astype("str").tolist() == [
        *("sale", "sale", "gift", "return", "refund", "exchange", "sample", "test", "sale")
    ]
    assert sorted(tables["sales"]["channel"].unique()) == ["天猫旗舰店", "抖音店", "测试店"]
    assert tables["inventory"]["quality"].tolist() == ["good", "defective", "good"]
    assert tables["inventory"]["owner"].tolist() == ["own", "own", "consignment"]
    assert tables["locations"]["sells"].tolist() == [False, True, True]
    assert tables["locations"]["kind"].tolist() == ["central", "regional", "regional"]
    assert ingested.findings["code"].tolist() == ["NEGATIVE_STOCK"]
    assert "sales: columns not read: 买家留言" in ingested.notes


def test_its_demand_is_its_sales(shop):
    shop.write("sales.csv", SALES.encode("gb18030"))
    shop.write("inventory.csv", INVENTORY.encode("gb18030"))
    lines = demand_lines(shop.read(preset="oms_cn").tables)
    assert [tuple(row) for row in lines[["sku", "units"]].itertuples(index=False)] == [
        ("00123", 3.0),
        ("123", 3.0),
    ]
    # Two units at 99.5 and one at 89.5.
    assert lines["price"].iloc[0] == (2 * 99.5 + 89.5) / 3
