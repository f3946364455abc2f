"""The form of the coverage table, and the choice that results from it."""

from django import forms
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from portal.core.choices import Currency
from portal.facets.filters import CaselessMixin
from portal.views.coverage.axes import AXES, COLUMNS, ROWS


class CodeField(CaselessMixin, forms.ChoiceField):
    """A choice from a few codes, in upper or lower case."""

    def to_python(self, value):
        return self.as_offered(super().to_python(value))


class CoverageForm(forms.Form):
    """The axes and the measure. `CoverageChoice` replaces empty and wrong fields by defaults."""

    rows = CodeField(label=_("Rows"), required=False)
    columns = CodeField(label=_("Columns"), required=False)
    measure = CodeField(label=_("Cell value"), required=False)

    def __init__(self, data, currencies):
        super().__init__(data)
        axes = [(axis.name, axis.label) for axis in AXES.values()]
        self.fields["rows"].choices = self.fields["columns"].choices = axes
        self.fields["measure"].choices = [
            ("projects", _("Number of projects")),
            *(
                (f"budget-{code}", gettext("Known budgets in {currency}").format(currency=code))
                for code in Currency.values
                if code in currencies
            ),
        ]
        for field in self.fields.values():
            field.error_messages["invalid_choice"] = gettext("“%(value)s” is not available.")


class CoverageChoice:
    """The axes and the measure that are used, and a message for each value that could not be used."""

    def __init__(self, data, currencies):
        self.form = CoverageForm(data, currencies)
        self.form.is_valid()
        asked = self.form.cleaned_data
        self.problems = [
            pgettext("value of a filter", "{label} (ignored): {problem}").format(
                label=self.form.fields[name].label, problem=error
            )
            for name, errors in self.form.errors.items()
            for error in errors
        ]
        self.mistakes = [f"“{name}”: {error}" for name, errors in self.form.errors.items() for error in errors]
        rows, columns = asked.get("rows"), asked.get("columns")
        if rows and rows == columns:
            columns = COLUMNS if rows != COLUMNS else ROWS
            self.problems.append(
                gettext("Rows and columns were both set to “{axis}”. Columns now show “{other}”.").format(
                    axis=AXES[rows].label, other=AXES[columns].label
                )
            )
        self.rows = AXES[rows or (ROWS if columns != ROWS else COLUMNS)]
        self.columns = AXES[columns or (COLUMNS if self.rows.name != COLUMNS else ROWS)]
        self.measure = asked.get("measure") or "projects"
        self.currency = self.measure.removeprefix("budget-") if self.measure != "projects" else ""

    @property
    def selects(self):
        """Return (name, label, options) of each field. Each option is (value, label, whether it is chosen)."""
        now = {"rows": self.rows.name, "columns": self.columns.name, "measure": self.measure}
        return [
            (name, field.label, [(value, words, value == now[name]) for value, words in field.choices])
            for name, field in self.form.fields.items()
        ]
