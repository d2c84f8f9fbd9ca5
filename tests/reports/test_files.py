"""The files of a report: the looks of an official document, and no figure, row or heading torn apart."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.utils import translation
from docx import Document
from docx.oxml.ns import qn

from reports.files import example, excel, official, shipped, template, word


def by_ours(paper: Any, sections: list[dict[str, Any]]) -> bytes:
    return word.as_docx(paper, sections, by_template=shipped.PATH.read_bytes())


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    with translation.override("zh-hans"):
        yield


@pytest.fixture(scope="module")
def written() -> bytes:
    with translation.override("zh-hans"):
        return by_ours(example.paper(), example.sections())


@pytest.fixture
def paper(written: bytes) -> Any:
    return Document(io.BytesIO(written))


def texts(document: Any) -> list[str]:
    return [paragraph.text for paragraph in document.paragraphs]


def rows_of(table: Any) -> list[Any]:
    return list(table._tbl.iter(qn("w:tr")))


def test_the_page_and_its_typefaces_are_those_of_an_official_document(paper: Any) -> None:
    first = paper.sections[0]
    sides = [first.top_margin, first.bottom_margin, first.left_margin, first.right_margin]
    assert [first.page_width.mm, first.page_height.mm] == pytest.approx([210, 297], abs=0.1)
    assert [round(side.mm) for side in sides] == [37, 35, 28, 26]
    looks = {"Title": ("方正小标宋简体", 22), "Body Text": ("仿宋", 16), "Heading 1": ("黑体", 16),
             "Heading 2": ("楷体", 16), "Heading 3": ("仿宋", 16)}  # fmt: skip
    for name, (font, size) in looks.items():
        style = paper.styles[name]
        assert style.element.rPr.rFonts.get(qn("w:eastAsia")) == font
        assert style.font.size.pt == size
        spacing = style.element.pPr.find(qn("w:spacing"))
        assert spacing.get(qn("w:lineRule")) == "exact"
        assert int(spacing.get(qn("w:line"))) == 20 * (34 if name == "Title" else 28)
    assert paper.styles["Heading 1"].paragraph_format.keep_with_next
    assert paper.styles["Heading 3"].font.bold
    assert paper.settings.odd_and_even_pages_header_footer
    odd, even = first.footer.paragraphs, first.even_page_footer.paragraphs
    assert [odd[0].style.name, even[0].style.name] == [official.NUMBER_RIGHT, official.NUMBER_LEFT]
    assert "PAGE" in odd[0]._p.xml
    assert odd[1].text == even[1].text == "由王某于2026年5月5日 07:00生成 · 第2版（更正）"


def test_a_paper_says_which_issue_it_is_whose_and_that_it_is_partial(paper: Any) -> None:
    said = texts(paper)
    assert said[:5] == [
        "示例市12345热线工作简报",
        "总第12期",
        "签发人：李某",
        "示例市12345热线\t2026年5月6日",
        example.PAPER["title"],
    ]
    assert "第2版（更正）" in said[:8], "a correction is told from what it corrects at first sight"
    assert any(text.startswith("阶段性数据") for text in said)
    assert said[-2:] == ["示例市12345热线", "2026年5月6日"]
    headings = [one.text for one in paper.paragraphs if one.style.name == "Heading 1"]
    assert headings[:2] == ["一、总体情况", "二、诉求类型"]
    draft = texts(Document(io.BytesIO(by_ours(example.paper(issue_number=None, approver="", is_partial=False), []))))
    assert not any("总第" in text or "签发人" in text or "阶段性" in text for text in draft)
    about = paper.core_properties
    assert (about.title, about.author, about.language) == (example.PAPER["title"], "示例市12345热线", "zh-CN")
    assert f"{about.created:%Y-%m-%d %H:%M}" == "2026-05-04 23:00"


def test_tables_are_torn_nowhere(paper: Any) -> None:
    for table in paper.tables:
        head, *rows = rows_of(table)
        assert head.find(".//" + qn("w:tblHeader")) is not None
        assert all(row.find(".//" + qn("w:cantSplit")) is not None for row in [head, *rows])
        assert (
            head.find(".//" + qn("w:keepNext")) is not None or "keepNext" in paper.styles[official.COLUMN].element.xml
        )
    units = paper.tables[1]
    total = rows_of(units)[-1]
    assert [bool(run.find(".//" + qn("w:b")) is not None) for run in total.iter(qn("w:r"))] == [True] * 7
    figures = [cell for row in rows_of(units)[1:] for cell in list(row.iter(qn("w:tc")))[1:]]
    assert {cell.find(".//" + qn("w:jc")).get(qn("w:val")) for cell in figures} == {"right"}
    shown = "".join(cell.text for cell in units.rows[1].cells)
    assert "−1.20个百分点" in shown
    assert "36.25%*" in units.rows[-1].cells[2].text
    assert "* 样本不足，仅供参考。" in texts(paper)
    said = next(one for one in paper.paragraphs if "个百分点（" in one.text)
    assert "1.2\u00a0个百分点" in said.text
    assert said._p.xml.count("noBreakHyphen") == 3


def test_a_wide_table_lies_on_its_side_and_the_pages_after_stand_again(paper: Any) -> None:
    assert [section.orientation for section in paper.sections] == [0, 1, 0]
    wide = paper.sections[1]
    assert wide.page_width.mm == pytest.approx(297, abs=0.1)
    widths = [int(column.get(qn("w:w"))) for column in paper.tables[2]._tbl.tblGrid]
    assert sum(widths) <= (wide.page_width - wide.left_margin - wide.right_margin) / 635 + 1


def test_what_fits_on_no_page_becomes_tables_of_like_breadth_with_the_first_column(paper: Any) -> None:
    both = [[cell.text for cell in table.rows[0].cells] for table in paper.tables[2:4]]
    assert [heads[0] for heads in both] == ["指标", "指标"]
    assert [*both[0][1:], *both[1][1:]] == [f"{month}月" for month in range(1, 21)]
    assert abs(len(both[0]) - len(both[1])) <= 2


def test_charts_are_described_and_captions_counted(paper: Any) -> None:
    assert [one.get("descr") for one in paper.element.body.iter(qn("wp:docPr"))] == ["诉求类型：投诉 1,234；咨询 766"]
    captions = [one.text for one in paper.paragraphs if one.style.name == official.CAPTION]
    assert captions == [
        "图1　诉求类型",
        "表1　诉求类型",
        "表2　各承办单位办理情况",
        "表3　逐月指标",
        "表3　逐月指标（续）",
    ]


def test_a_cell_without_end_and_odd_signs_spoil_no_paper() -> None:
    long = {**example.sections()[1], "rows": [["长" * 10_000, 1, 2], ["{{ 标题 }}{% if %}\x07<&>\ue000", 1, 2]]}
    document = Document(io.BytesIO(by_ours(example.paper(title="标\x00题\x0b{{ 正文 }}"), [long])))
    assert "标题 {{ 正文 }}" in texts(document)
    tall, other = rows_of(document.tables[0])[1:]
    assert tall.find(".//" + qn("w:cantSplit")) is None, "it would not fit on a page"
    assert "".join(text.text for text in other.iter(qn("w:t"))).startswith("{{ 标题 }}{% if %}<&>")


def test_the_template_that_is_shipped_is_the_one_that_the_code_makes() -> None:
    def parts(content: bytes) -> dict[str, bytes]:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {name: archive.read(name) for name in archive.namelist() if not name.startswith("docProps")}

    assert parts(shipped.PATH.read_bytes()) == parts(shipped.made()), "manage.py make_report_template"


def changed(*changes: tuple[str, str], also: Any = None) -> bytes:
    """The shipped template with some of its paragraphs rewritten."""
    document = Document(str(shipped.PATH))
    for old, new in changes:
        next(one for one in document.paragraphs if old in one.text).text = new
    if also:
        also(document)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


BROKEN = {
    "unknown field": (("{{ 标题 }}", "{{ 标提 }}"), "正文“{{ 标提 }}”处：没有名为“标提”的字段。"),
    "no end": (("{%p endif %}", ""), "if 与 endif 不成对"),
    "unreadable": (("{{ 标题 }}", "{{ 标题，副标题 }}"), "处：此处无法识别；{{ 与 }} 之间只能写一个字段名。"),
    "full-width": (("{{ 标题 }}", "｛｛标题｝｝"), "正文“｛｛标题｝｝”处：花括号须用半角"),
    "single": (("{{ 标题 }}", "{标题}"), "正文“{标题}”处：字段须用双花括号"),
    "half open": (("{{ 标题 }}", "{{ 标题 }"), "正文“{{ 标题 }”处：花括号 {{ }} 不成对。"),
    "missing": (("{{ 标题 }}", "月报"), "缺少必备字段 {{ 标题 }}：报告标题。"),
    "no place": (("{{ 正文 }}", "正文：{{ 正文 }}"), "字段 {{ 正文 }} 须且只能出现一次，独占一段"),
    "python": (("{{ 标题 }}", "{{ 标题.__class__.__mro__ }}"), "模板中只能写字段名"),
    "endless": (("{{ 标题 }}", "{% for a in range(10**9) %}{{ 标题 }}{% endfor %}"), "模板中只能写字段名"),
    "large": (("{{ 标题 }}", "{{ '长' * 10**9 }}"), "模板中只能写字段名"),
    "filter": (("{{ 标题 }}", "{{ 标题 | upper }}"), "模板中只能写字段名"),
    "include": (("{{ 标题 }}", "{% include 'x' %}"), "模板中只能写字段名"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_with_a_template_is_said_with_its_place(name: str) -> None:
    change, said = BROKEN[name]
    content = changed(change)
    assert any(said in str(fault) for fault in template.faults(content)), [str(one) for one in template.faults(content)]
    with pytest.raises(template.Broken):
        word.as_docx(example.paper(), [], by_template=content)


def test_faults_of_the_foot_are_found_there() -> None:
    def spoil(document: Any) -> None:
        document.sections[0].footer.paragraphs[1].text = "{{ 制作人 }}"

    assert "页脚“{{ 制作人 }}”处：没有名为“制作人”的字段。" in [
        str(one) for one in template.faults(changed(also=spoil))
    ]


def test_what_is_no_template_is_refused_before_it_is_opened() -> None:
    def archive(**parts: bytes) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
            for name, content in ({"word/document.xml": b"<w/>"} | parts).items():
                file.writestr(name, content)
        return out.getvalue()

    linked = (
        b'<Relationships><Relationship Type="x/image" Target="http://a/b.png" TargetMode="External"/></Relationships>'
    )
    for content, said in (
        (b"no document", "这不是 Word 文档"),
        (b"", "这不是 Word 文档"),
        (b"0" * (template.LARGEST + 1), "文件超过 5 MB"),
        (archive(), "无法作为 Word 文档打开"),
        (archive(**{"word/document.xml": b" " * 50 * 2**20}), "解压后过大"),
        (archive(**{"word/vbaProject.bin": b"x"}), "文件含有宏"),
        (archive(**{"word/_rels/document.xml.rels": linked}), "引用了外部内容"),
    ):
        assert [said in str(fault) for fault in template.faults(content)] == [True], said


def test_a_template_of_the_city_with_styles_of_its_own_keeps_them() -> None:
    def restyle(document: Any) -> None:
        document.styles["Heading 1"].font.size = 18 * 12700
        document.styles.element.remove(document.styles[official.CELL].element)

    document = Document(
        io.BytesIO(word.as_docx(example.paper(), example.sections(), by_template=changed(also=restyle)))
    )
    assert document.styles["Heading 1"].font.size.pt == 18
    assert document.styles[official.CELL].font.size.pt == 10.5, "what it has no style for is put in"


@pytest.fixture(scope="module")
def workbook() -> Any:
    with translation.override("zh-hans"):
        return openpyxl.load_workbook(io.BytesIO(excel.as_xlsx(example.paper(), example.sections())), rich_text=False)


def test_a_workbook_has_its_contents_first_and_a_sheet_a_section(workbook: Any) -> None:
    titles = [section["title"] for section in example.sections()]
    assert workbook.sheetnames == ["目录", *titles]
    contents = workbook["目录"]
    links = [contents.cell(row, 2).hyperlink.location for row in range(5, 5 + len(titles))]
    assert links == [f"'{title}'!A1" for title in titles]
    assert contents["C7"].value == 30, "a total is no row of its own"
    assert contents["A3"].value.startswith("阶段性数据")
    assert all(sheet["A3"].hyperlink.location == "'目录'!A1" for sheet in workbook.worksheets[1:])
    about = workbook.properties
    assert (about.title, about.creator, about.subject) == (example.PAPER["title"], "示例市12345热线", "2026年4月")
    assert f"{about.created:%Y-%m-%d %H:%M}" == "2026-05-04 23:00"


def test_figures_are_numbers_and_totals_stand_out(workbook: Any) -> None:
    units = workbook["各承办单位办理情况"]
    first, total = units[5], units[35]
    assert [cell.value for cell in first] == ["示例区第1街道办事处", 1000, 0, -0.1234, -1.2, 12.5, 1]
    formats = ["#,##0", "0.00%", "+0.00%;-0.00%;0.00%"]
    assert [cell.number_format for cell in first[1:4]] == formats
    assert total[0].value == "合计"
    assert all(cell.font.b for cell in total)
    assert total[2].number_format == '0.00%"*"', "a small base is marked, and the figure stays a number"
    assert not any(cell.data_type == "f" for sheet in workbook for row in sheet.iter_rows() for cell in row)


def test_a_sheet_is_filtered_frozen_and_printed_as_wide_as_the_page(workbook: Any) -> None:
    for sheet in workbook:
        assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "landscape")
        assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.oddHeader.center.text == example.PAPER["title"]
        assert "王某" in sheet.oddFooter.left.text
        assert sheet.oddFooter.right.text == "第&P页 共&N页"
    units = workbook["各承办单位办理情况"]
    assert (units.freeze_panes, units.auto_filter.ref, units.print_title_rows) == ("B5", "A4:G34", "$4:$4")
    assert 20 < units.column_dimensions["A"].width < 30


def test_charts_are_excels_own_with_title_and_axes(workbook: Any) -> None:
    charts = {sheet.title: sheet._charts for sheet in workbook if sheet._charts}
    assert list(charts) == ["诉求类型"]
    drawn = charts["诉求类型"][0]
    said = [part.tx.rich.p[0].r[0].t for part in (drawn.title, drawn.x_axis.title, drawn.y_axis.title)]
    assert said == ["诉求类型", "诉求类型", "件数"]
    assert drawn.series[0].val.numRef.f == "诉求类型!$B$5:$B$6", "the total is no bar"


def test_odd_texts_and_names_spoil_no_workbook() -> None:
    odd = ["=1+1", "+86", "-1", "@SUM(A1)", "\t=2", "长" * 40_000, "http://a.b/", "a\x00b\ud800"]
    plain = example.sections()[1] | {"chart": None, "has_total": False}
    sections = [plain | {"title": "名/称:*?[]" * 9, "rows": [[text, 1, 2] for text in odd]},
                plain | {"title": "名称" * 20}, plain | {"title": "名称" * 20}, plain | {"title": "'"}]  # fmt: skip
    book = openpyxl.load_workbook(io.BytesIO(excel.as_xlsx(example.paper(title="A&B"), sections)))
    assert len(set(book.sheetnames)) == 5
    found = [book.worksheets[1].cell(row, 1) for row in range(5, 13)]
    assert {cell.data_type for cell in found} == {"s"}
    assert [cell.quotePrefix for cell in found][:4] == [True] * 4, "no formula after somebody edits it either"
    assert len(found[5].value) == 32_767
    assert found[7].value == "ab"


def test_libreoffice_opens_it(written: bytes, tmp_path: Path) -> None:
    office = shutil.which("soffice")
    if office is None:
        warnings.warn("NOT TESTED: LibreOffice is not installed, no paper was drawn", stacklevel=1)
        pytest.skip("LibreOffice is not installed: no paper was drawn")
    (tmp_path / "paper.docx").write_bytes(written)
    home = f"-env:UserInstallation=file://{tmp_path}/office"
    command = [
        office,
        home,
        "--headless",
        "--convert-to",
        "pdf",
        "--outdir",
        str(tmp_path),
        str(tmp_path / "paper.docx"),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    pages = len(re.findall(rb"/Type\s*/Page\b", (tmp_path / "paper.pdf").read_bytes()))
    assert 4 <= pages <= 8
