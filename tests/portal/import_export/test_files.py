"""Import and export files: written files are read again unchanged by spreadsheets, and malicious files are refused."""

import datetime
import io
import zipfile

import openpyxl
import pytest

from portal.import_export import files
from portal.import_export.files import FileError, UnreadableFile, csv_lines, read, xlsx_file

HEADER = ["key", "name_ko", "value"]
TEXTS = [True, True, False]


def written(kind, rows, header=HEADER, texts=TEXTS):
    if kind == "csv":
        return "".join(csv_lines(header, texts, rows)).encode()
    with xlsx_file("Places", header, texts, rows) as file:
        return file.read()


def workbook(rows, change=lambda sheet: None):
    """Return a workbook as an editor’s spreadsheet program writes it."""
    book, data = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    change(book.active)
    book.save(data)
    return data.getvalue()


def cells(data, **how):
    sheet = read("file", data, HEADER, **how)
    return [sheet.header, *(row for _line, row in sheet.rows)]


def refusal(data, **how):
    with pytest.raises(FileError) as refused:
        read("file", data, HEADER, **how)
    return refused.value.args


# ── Round trip ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize(
    "text",
    [
        *("아랄해", "Аральское море", "Orol dengizi – 1960", "two\nlines", 'a "quoted" one, with comma; and more'),
        *("=1+1", "+82 2", "-5 degrees", "@user", "\tTab", "'=1+1", "''=1", "'Sejong' clinic", "007", "2021-07", "1e5"),
        *(" blanks around ", "TRUE", "#N/A", "_x000D_"),
    ],
)
def test_a_text_comes_back_as_it_was(kind, text):
    assert cells(written(kind, [["aral-sea", text, "24.1"]])) == [HEADER, ["aral-sea", text, "24.1"]]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("number", ["0", "68000", "24.1", "-28.15", "0.000001", "12345678901234.123456", "8091734930"])
def test_a_number_comes_back_exactly(kind, number):
    assert cells(written(kind, [["aral-sea", "", number]]))[1][2] == number


def test_no_spreadsheet_takes_a_text_of_csv_for_a_formula():
    rows = written("csv", [["a", "=cmd|' /C calc'!A0", "-5"], ["b", "@SUM(A1)", "1"]]).decode("utf-8-sig").splitlines()
    assert rows[1:] == ["a,'=cmd|' /C calc'!A0,-5", "b,'@SUM(A1),1"]


def test_no_spreadsheet_takes_a_text_of_a_workbook_for_a_formula():
    sheet = openpyxl.load_workbook(io.BytesIO(written("xlsx", [["a", "=1+1", "24.1"]]))).active
    assert [(cell.value, cell.data_type, cell.number_format) for cell in sheet[2]] == [
        ("a", "s", "@"),
        ("=1+1", "s", "@"),
        (24.1, "n", "General"),
    ]


def test_a_text_that_no_cell_of_a_workbook_holds_is_said_to_need_csv():
    with pytest.raises(FileError, match="32767"):
        written("xlsx", [["a", "x" * 40_000, ""]])
    assert cells(written("csv", [["a", "x" * 40_000, ""]]))[1][1] == "x" * 40_000


# ── Files from editors ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("encoding", "text", "read_as"),
    [
        ("utf-8", "아랄해 Арал", "CSV, UTF-8, separated by commas"),
        ("utf-8-sig", "아랄해", "CSV, UTF-8, separated by commas"),
        ("utf-16", "아랄해 Арал", "CSV, UTF-16, separated by commas"),
        ("cp949", "아랄해의 면적, 1960년 이후", "CSV, Korean (CP949, EUC-KR), separated by commas"),
        ("euc-kr", "중앙아시아 환경", "CSV, Korean (CP949, EUC-KR), separated by commas"),
        ("cp1251", "Площадь Аральского моря", "CSV, Cyrillic (Windows-1251), separated by commas"),
    ],
)
def test_letters_are_made_out(encoding, text, read_as):
    sheet = read("file", f'key,name_ko,value\na,"{text}",1\n'.encode(encoding), HEADER)
    assert (sheet.rows, sheet.read_as) == ([(2, ["a", text, "1"])], read_as)


def test_an_encoding_may_be_told():
    data = "key,name_ko\na,Київ\n".encode("cp1251")
    assert cells(data, encoding="cp1251")[1] == ["a", "Київ"]


@pytest.mark.parametrize("encoding", ["", "cp949", "utf-8-sig"])
def test_letters_that_cannot_be_made_out_are_said_to_be_so(encoding):
    assert refusal(b"key,name_ko\na,\x98\xff\xfd\n", encoding=encoding) == (
        "The file’s encoding cannot be recognised. Save it as “CSV UTF-8”, or specify the encoding.",
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_parts_the_cells_is_told_by_the_names_of_the_columns(delimiter):
    data = delimiter.join(HEADER) + "\n" + delimiter.join(["a", '"one, two; three"', "1"]) + "\n"
    assert cells(data.encode())[1] == ["a", "one, two; three", "1"]


def test_lines_are_numbered_as_a_spreadsheet_numbers_them():
    assert read("file", b'key,name_ko\r\na,"two\r\nlines"\r\n\r\nc,x\r\n', HEADER).rows == [
        (2, ["a", "two\nlines"]),
        (4, ["c", "x"]),
    ]
    data = workbook([["key"], ["a"], [], ["c"]])
    assert [line for line, _cells in read("file", data, HEADER).rows] == [2, 4]


def test_what_a_spreadsheet_knows_to_be_numbers_days_and_truths_is_text_again():
    day, moment = datetime.datetime(2021, 7, 2), datetime.datetime(2021, 7, 2, 9, 30)
    data = workbook([[*HEADER, *"abcd"], ["a", 2021, 24.1, day, moment, True, 68000.0]])
    assert cells(data)[1] == ["a", "2021", "24.1", "2021-07-02", "2021-07-02T09:30:00", "true", "68000"]


def test_empty_cells_and_columns_at_the_end_mean_nothing():
    assert cells(b"key,name_ko,,\na,x,,\nb\n,,,\n") == [["key", "name_ko"], ["a", "x"], ["b", ""]]


# ── What is refused ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_formula_or_an_error_in_a_workbook_is_refused_where_it_stands():
    data = workbook([["key", "value"], ["a", "=1+1"], ["b", "#REF!"]], lambda s: setattr(s["B3"], "data_type", "e"))
    one, other = (row[1] for row in cells(data)[1:])
    assert isinstance(one, UnreadableFile)
    assert one == "The cell contains a formula. Replace it with its value."
    assert other == "The cell contains a spreadsheet error: #REF!."


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "The file is empty."),
        (b" \n ", "The file is empty."),
        (b",,\na,b,c\n", "The first line of the file does not name the columns."),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "This is an old-format workbook (.xls). Save it as .xlsx or CSV."),
        (b'key\n"open', "Line 2 cannot be read: a quotation mark is missing or extra."),
        (b'key\na\n"b"c\n', "Line 3 cannot be read: a quotation mark is missing or extra."),
        (b"key," * 201 + b"\n", "The file has more than 200 columns."),
        (b"key\n" + b"a\n" * 6, "The file has more than 5 rows."),
    ],
)
def test_a_file_that_cannot_be_read_says_why(data, words):
    assert refusal(data, most=5) == (words,)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_truncated_workbook_is_told_as_such(share):
    data = workbook([HEADER, ["a", "이름", 1]])
    assert refusal(data[: int(len(data) * share)]) == (
        "The workbook is incomplete: its end is missing. Save it again, then upload it again.",
    )


def test_a_wide_workbook_is_refused_and_a_long_one_too():
    assert refusal(workbook([["key"] * 201])) == ("The file has more than 200 columns.",)
    assert refusal(workbook([["key"], *[["a"]] * 6]), most=5) == ("The file has more than 5 rows.",)


def test_a_cell_far_below_the_table_is_a_line_too_many():
    data = workbook([["key"], ["a"]], lambda sheet: sheet.cell(1_048_576, 1, "z"))
    assert refusal(data, most=5) == ("The file has more than 5 rows.",)


def zipped(entries):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in entries.items():
            archive.writestr(name, text)
    return data.getvalue()


def rewritten(data, name, text):
    """Return a workbook with another text in one of its files."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = {entry: archive.read(entry) for entry in archive.namelist()}
    return zipped(entries | {name: text})


def test_a_workbook_that_unpacks_to_very_much_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(files, "MOST_BYTES", 100_000)
    assert refusal(zipped({"bomb": "0" * 200_000})) == ("The workbook is too large when unpacked.",)


NO_WORKBOOK = ("The file cannot be read as a workbook. Save it again as .xlsx or CSV.",)


def test_an_archive_that_is_no_workbook_is_refused():
    assert refusal(zipped({"hello": "world"})) == NO_WORKBOOK
    assert refusal(rewritten(workbook([["key"]]), "xl/worksheets/sheet1.xml", "<worksheet>")) == NO_WORKBOOK


def test_entities_in_a_workbook_are_not_unfolded():
    bomb = (
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>&b;</t></si></sst>'
    )
    outside = bomb.replace('<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">', '<!ENTITY b SYSTEM "file:///etc/hostname">')
    for text in (bomb, outside):
        data = rewritten(workbook([["key"], ["a"]]), "xl/sharedStrings.xml", text)
        assert refusal(data) == NO_WORKBOOK
