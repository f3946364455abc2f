"""A form of choices by code, in the address of a page: wrong values are ignored on the page and refused in a file."""

from collections.abc import Mapping

from django import forms
from django.utils.translation import gettext, pgettext

from portal.facets.filters import CaselessMixin


class CodeField(CaselessMixin, forms.ChoiceField):
    """A choice from a few codes, in upper or lower case."""

    def to_python(self, value):
        return self.as_offered(super().to_python(value))


class CodeForm(forms.Form):
    """Choices by code. `choices` are the pairs of code and label by field."""

    def __init__(self, data, choices: Mapping[str, list]):
        super().__init__(data)
        for name, field in self.fields.items():
            field.choices = choices[name]
            field.error_messages["invalid_choice"] = gettext("“%(value)s” is not available.")

    @property
    def chosen(self) -> dict[str, str]:
        """The valid values by field, without empty ones."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    @property
    def problems(self) -> list[str]:
        """A sentence for each value that the page ignores."""
        return [
            pgettext("value of a filter", "{label} (ignored): {problem}").format(
                label=self.fields[name].label, problem=error
            )
            for name, errors in self.errors.items()
            for error in errors
        ]

    @property
    def mistakes(self) -> list[str]:
        """The name of the parameter and the mistake, for each value that a file is refused for."""
        return [f"“{name}”: {error}" for name, errors in self.errors.items() for error in errors]

    def selects(self, now: Mapping[str, str]) -> list[tuple]:
        """Return (name, label, options) of each field. Each option is (code, label, whether it is that of `now`)."""
        return [
            (name, field.label, [(code, label, code == now.get(name)) for code, label in field.choices])
            for name, field in self.fields.items()
        ]
