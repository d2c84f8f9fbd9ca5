"""Every way of writing a number is one number; what is none is refused with the reason."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from hotline import telephone
from hotline.telephone import Kind

MOBILE = "13877770001"
LANDLINE = "07122888888"


@pytest.mark.parametrize(
    "written",
    [
        "13877770001", "138-7777-0001", "138 7777 0001", "(138)77770001", "+86 138 7777 0001", "86138 7777 0001",
        "8613877770001", "008613877770001", "+86-13877770001", "013877770001", "1795113877770001",
        "１３８７７７７０００１", "١٣٨٧٧٧٧٠٠٠١", "१३८७७७७०००१", "一三八七七七七〇〇〇一", "幺三八七七七七零零零幺",
        "①③⑧⑦⑦⑦⑦⓪⓪⓪①", "1387777000一", "电话：138-7777-0001", "联系电话13877770001", "手机号 13877770001。",
        "tel: 13877770001",
        "\u202a13877770001\u202c", "138\u00a07777\u30000001", "138—7777—0001",
    ],
)  # fmt: skip
def test_a_mobile_number(written: str) -> None:
    number = telephone.read(written)
    assert (number.kept, number.kind, number.extension) == (MOBILE, Kind.MOBILE, "")
    assert (str(number), number.link) == (MOBILE, "tel:+8613877770001")


@pytest.mark.parametrize(
    "written",
    ["0712-2888888", "(0712)2888888", "（0712）2888888", "0712 288 8888", "2888888", "288-8888", "+86 712 2888888",
     "86-712-2888888", "0086-712-2888888", "+86-0712-2888888", "0712一2888888", "0712—2888888",
     "０７１２－２８８８８８８"],
)  # fmt: skip
def test_a_landline_gets_the_area_code_of_the_city(written: str) -> None:
    number = telephone.read(written)
    assert (number.kept, number.kind, str(number)) == (LANDLINE, Kind.LANDLINE, "0712-2888888")


@pytest.mark.parametrize(
    "written",
    ["0712-2888888-801", "0712-2888888转801", "0712-2888888 转 801", "07122888888转分机801", "0712-2888888 ext. 801",
     "0712-2888888x801", "0712-2888888#801", "2888888-801", "2888888分机801", "0712-2888888,801", "07122888888-801",
     "(0712)2888888(转801)", "０７１２２８８８８８８－８０１", "0712-2888888轉801",
     "0712-2888888-转801", "2888888—分机801"],
)  # fmt: skip
def test_an_extension_is_kept_apart(written: str) -> None:
    number = telephone.read(written)
    assert (number.digits, number.extension, number.kept) == (LANDLINE, "801", "07122888888-801")
    assert number.link == "tel:+867122888888;ext=801"
    assert "0712-2888888" in str(number)


@pytest.mark.parametrize(
    ("written", "kept"),
    [("110", "110"), ("119", "119"), ("12345", "12345"), ("12388", "12388"), ("10086", "10086"), ("95588", "95588"),
     ("96300", "96300"), ("400-123-4567", "4001234567"), ("800 820 8820", "8008208820"),
     ("4001234567转1", "4001234567-1"), ("95588转1", "95588-1"), ("10690123456789", "10690123456789")],
)  # fmt: skip
def test_a_service_number_is_of_its_own_kind(written: str, kept: str) -> None:
    number = telephone.read(written)
    assert (number.kept, number.kind) == (kept, Kind.SERVICE)


@pytest.mark.parametrize(
    ("written", "kept"),
    [("+852 2123 4567", "+85221234567"), ("00852-21234567", "+85221234567"), ("+1 (212) 555-0100", "+12125550100")],
)
def test_a_number_abroad(written: str, kept: str) -> None:
    assert (telephone.read(written).kept, telephone.read(written).kind) == (kept, Kind.FOREIGN)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("1387777000I", "I"), ("138O7770001", "O"), ("138****0001", "一部分"), ("13877770001刘", "刘"),
        ("1387777000", "10"), ("138777700011", "12"), ("0712-28888", "0712"), ("88888888", "0712"),
        ("+999 1", ""), ("1234", ""), ("", ""), ("++8613877770001", ""), ("9" * 40, ""), ("1" * 40, ""), ("+", ""),
    ],
)  # fmt: skip
def test_a_refusal_says_why(written: str, reason: str) -> None:
    with pytest.raises(ValidationError) as refused:
        telephone.read(written)
    assert refused.value.messages[0]
    assert reason in refused.value.messages[0]


@pytest.mark.parametrize(
    "written",
    ["13877770001/13877770002", "13877770001 13877770002", "1387777000113877770002", "13877770001，0712-2888888转801",
     "0712-2888888、2888889", "2888888-2888889", "电话：13877770001（张）13877770002（李）",
     "13877770001或13877770002或110", "+86 138 7777 0001 和 +852 2123 4567",
     "一三八七七七七〇〇〇一；一三八七七七七〇〇〇二"],
)  # fmt: skip
def test_of_several_numbers_it_is_said_that_they_are_several(written: str) -> None:
    with pytest.raises(ValidationError) as refused:
        telephone.read(written)
    assert "写了不止一个号码" in refused.value.messages[0]


@pytest.mark.parametrize(
    "written",
    ["13877770001", "0712-2888888转801", "95588转1", "+852 2123 4567", "12345", "400-123-4567 转 2", "2888888"],
)
def test_what_is_kept_and_what_is_shown_are_read_as_the_same_number(written: str) -> None:
    number = telephone.read(written)
    assert telephone.read(number.kept) == number
    assert telephone.read(telephone.shown(number.kept)) == number
    assert telephone.shown("网友A0012") == "网友A0012", "what is no number stands as it is"
