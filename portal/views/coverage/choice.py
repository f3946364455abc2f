"""The form of the coverage table, and the choice that results from it."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.core.choices import Currency
from portal.views.code_form import CodeField, CodeForm
from portal.views.coverage.axes import AXES, COLUMNS, ROWS
from projects.budgets import CONVERTIBLE

GAPS = "gaps"


class CoverageForm(CodeForm):
    """The axes and the measure. `CoverageChoice` replaces empty and wrong fields by defaults."""

    rows = CodeField(label=_("Rows"), required=False)
    columns = CodeField(label=_("Columns"), required=False)
    measure = CodeField(label=_("Cell value"), required=False)

    def __init__(self, data, currencies):
        axes = [(axis.name, axis.label) for axis in AXES.values()]
        measures = [
            ("projects", _("Number of projects")),
            *(
                (f"budget-{code}", gettext("Known budgets in {currency}").format(currency=code))
                for code in Currency.values
                if code in currencies
            ),
            *(
                (f"converted-{code}", gettext("All known budgets, converted into {currency}").format(currency=code))
                for code in CONVERTIBLE
                if currencies
            ),
        ]
        super().__init__(data, {"rows": axes, "columns": axes, "measure": measures})


class CoverageRowsForm(CodeForm):
    """What is shown of the table: only rows with gaps, and on a phone one column."""

    only = CodeField(label=_("Only gaps"), required=False)
    column = CodeField(label=_("Column"), required=False)


class CoverageChoice:
    """The axes and the measure that are used, and a message for each value that could not be used.

    `members` are the members of each axis by its name. `column` is the key of the only column that a phone shows, or ""
    for the totals of the rows. A column of other axes is ignored, because the form keeps it while the axes change.
    """

    def __init__(self, data, currencies, members):
        self.form = CoverageForm(data, currencies)
        keys = dict.fromkeys(member.key for axis in members.values() for member in axis)
        shown = CoverageRowsForm(data, {"only": [(GAPS, GAPS)], "column": [(key, key) for key in keys]})
        asked, self.only = self.form.chosen, shown.chosen.get("only", "")
        self.problems = self.form.problems + shown.problems
        self.mistakes = self.form.mistakes + shown.mistakes
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
        column = shown.chosen.get("column", "")
        self.column = column if column in {member.key for member in members[self.columns.name]} else ""
        kind, _dash, self.currency = self.measure.partition("-")  # the currency is "" for numbers of projects
        self.is_converted = kind == "converted"

    @property
    def selects(self):
        """Return (name, label, options) of each field. Each option is (value, label, whether it is chosen)."""
        return self.form.selects({"rows": self.rows.name, "columns": self.columns.name, "measure": self.measure})
