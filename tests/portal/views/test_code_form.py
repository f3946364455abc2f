"""Choices by code: what is valid, what is ignored with a message, and what the page offers."""

from portal.views.code_form import CodeField, CodeForm

CHOICES = {"size": [("s", "Small"), ("l", "Large")], "tone": [("dark", "Dark")]}


class SampleForm(CodeForm):
    size = CodeField(label="Size", required=False)
    tone = CodeField(label="Tone", required=False)


def test_valid_values_are_chosen_in_any_case_and_empty_ones_are_left_out():
    form = SampleForm({"size": "L", "tone": ""}, CHOICES)
    assert form.chosen == {"size": "l"}
    assert (form.problems, form.mistakes) == ([], [])


def test_a_wrong_value_is_ignored_with_a_message_for_the_page_and_one_for_files():
    form = SampleForm({"size": "xxl", "tone": "dark"}, CHOICES)
    assert form.chosen == {"tone": "dark"}
    assert form.problems == ["Size (ignored): “xxl” is not available."]
    assert form.mistakes == ["“size”: “xxl” is not available."]


def test_options_say_which_one_is_shown():
    assert SampleForm({}, CHOICES).selects({"size": "l"}) == [
        ("size", "Size", [("s", "Small", False), ("l", "Large", True)]),
        ("tone", "Tone", [("dark", "Dark", False)]),
    ]
