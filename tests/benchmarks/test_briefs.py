"""Measure how long briefs take: the target is a median of 1 s. All of them are made once: country × issue × language.

`make bench` prints the times. The tests fail if a brief cannot be made, not because of a time.
"""

import datetime
import statistics
import time

import pytest
from django.utils import translation

from issues.models import Issue
from portal.models import Place
from projects.brief.content import write_brief
from projects.brief.docx import docx_file
from projects.brief.pdf import pdf_file
from projects.brief.subject import Subject

pytestmark = pytest.mark.usefixtures("content")
DAY = datetime.date(2026, 11, 27)
URL = "https://portal.example.org/en/brief/"


def brief_of(country, issue):
    return write_brief(Subject(place=country, issue=issue), DAY, URL, "https://portal.example.org")


@pytest.mark.parametrize("make", [pdf_file, docx_file])
def test_one_brief(benchmark, make):
    country, issue = Place.objects.get(key="uz"), Issue.objects.get(key="water-scarcity")
    assert benchmark(lambda: make(brief_of(country, issue)))


@pytest.mark.parametrize("language", ["en", "ko", "ru"])
def test_all_briefs_can_be_made(language, capsys):
    seconds, pages = [], Issue.objects.published()
    with translation.override(language):
        for country in Place.objects.countries_of_central_asia():
            for issue in pages:
                began = time.perf_counter()
                brief = brief_of(country, issue)
                assert pdf_file(brief).startswith(b"%PDF")
                assert docx_file(brief).startswith(b"PK")
                seconds.append(time.perf_counter() - began)
    with capsys.disabled():
        median, longest = statistics.median(seconds), max(seconds)
        print(f"\n{language}: {len(seconds)} briefs as PDF and DOCX, median {median:.2f} s, longest {longest:.2f} s")
