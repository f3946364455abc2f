"""Issues and their rows: levels, citation marks, keys and labels."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from tests.make import (
    make_citation,
    make_issue,
    make_key_figure,
    make_place,
    make_source,
)

pytestmark = pytest.mark.django_db


def test_issues_stand_in_two_levels():
    main = make_issue()
    under = make_issue(parent=main)
    under.clean()
    with pytest.raises(ValidationError, match="Issues have two levels"):
        make_issue(parent=under).clean()
    main.parent = make_issue()
    with pytest.raises(ValidationError, match="Issues have two levels"):
        main.clean()


def test_a_mark_without_its_source_is_told_by_field_and_key():
    make_source(key="known")
    issue = make_issue(drivers_en="Cotton [known].", impacts_ru="Пыль [nobody][known]. Соль [noone].")
    with pytest.raises(ValidationError) as refusal:
        issue.clean()
    [(field, [message])] = refusal.value.message_dict.items()
    assert field == "impacts_ru"
    assert "nobody, noone" in message.replace("”, “", ", ")


def test_sources_of_marks_become_citations_after_those_that_stand():
    issue = make_issue(drivers_en="Cotton [b][a].", state_ko="바다 [c][nobody].")
    sources = {key: make_source(key=key) for key in "abc"}
    make_citation(issue, sources["a"], position=5)
    issue.cite_marks()
    issue.cite_marks()
    assert list(issue.citations.values_list("source__key", "position")) == [("a", 5), ("b", 6), ("c", 7)]


def test_country_code_is_its_key_in_capitals():
    assert make_place(key="uz").code == "UZ"


def test_figure_is_called_by_its_label():
    with translation.override("ko"):
        assert str(make_key_figure(label_en="Area", label_ko="면적")) == "면적"
