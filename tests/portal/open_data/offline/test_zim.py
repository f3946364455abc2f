"""The ZIM file, read by the tools of the format."""

import io
import shutil
import subprocess
from datetime import date

import pytest
from libzim.reader import Archive
from PIL import Image

from portal.open_data.offline import zim

TOOLS = ("zimcheck", "zimsearch")


@pytest.fixture(scope="session")
def zim_tools():
    """Return a function that runs one of TOOLS and returns its output; it fails with the output if the tool does."""
    if not all(map(shutil.which, TOOLS)):
        pytest.skip("zimcheck was not found: install zim-tools")

    def run(*command):
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def page(text, link="other.html"):
    return f"<!doctype html><html><head><title>x</title></head><body><a href='{link}'>{text}</a></body></html>".encode()


def write(path):
    with zim.ZimFile(path, date(2026, 7, 1)) as book:
        book.add("index.html", page("Aral Sea"), "text/html", "Start")
        book.add("other.html", page("Загрязнение воды в Приаралье", "index.html"), "text/html", "Вода")
        book.add("korea.html", page("아랄해의 물 부족", "index.html"), "text/html", "아랄해")
        book.add("static/site.css", b"body{}", "text/css")


def test_file_is_valid_and_its_words_are_found_in_three_languages(tmp_path, zim_tools):
    path = tmp_path / "test.zim"
    write(path)
    assert "Overall Test Status: Pass" in zim_tools("zimcheck", path)
    for words, found in (("aral", "Start"), ("загрязнения", "Вода"), ("아랄해", "아랄해")):
        assert found in zim_tools("zimsearch", path, words)


def test_file_tells_what_it_is(tmp_path):
    path = tmp_path / "test.zim"
    write(path)

    told = {name: Archive(path).get_metadata(name).decode() for name in ("Language", "Date", "Title", "Description")}
    assert (told["Language"], told["Date"]) == ("eng,kor,rus", "2026-07-01")
    assert 0 < len(told["Title"]) <= 30
    assert 0 < len(told["Description"]) <= 80


def test_icon_has_the_size_that_readers_expect():
    with Image.open(io.BytesIO(zim.icon())) as image:
        assert (image.format, image.size) == ("PNG", (48, 48))
