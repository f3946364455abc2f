"""What spreadsheets ask of files that they open."""

import csv

import pytest

from portal.core.spreadsheets import FORMULA_PREFIXES, MAX_CELL_LENGTH, EchoBuffer


def test_csv_writer_gives_back_each_line_at_once():
    writer = csv.writer(EchoBuffer())
    assert writer.writerow(["a", "b,c"]) == 'a,"b,c"\r\n'
    assert writer.writerow(["나무", ""]) == "나무,\r\n"


@pytest.mark.parametrize("text", ["=1+1", "+7", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_beginnings_of_formulas_are_known(text):
    assert text.startswith(FORMULA_PREFIXES)


@pytest.mark.parametrize("text", ["", "1", "'=1", " =1", "a=b"])
def test_other_texts_are_no_formulas(text):
    assert not text.startswith(FORMULA_PREFIXES)


def test_longest_cell_is_that_of_a_workbook():
    """openpyxl cuts off longer texts without an error."""
    assert MAX_CELL_LENGTH == 2**15 - 1
