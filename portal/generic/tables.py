"""Columns and base class of the tables of list pages."""

import inspect

import django_tables2 as tables
from django.db.models import Case, F, IntegerField, When
from django.utils.formats import localize
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from portal.core.formatting import partial_date
from portal.core.languages import in_language, language_name, name_html
from portal.models import Source
from portal.models.querysets import reader_text


class NameColumn(tables.Column):
    """The record's name as a link. It sorts by the name in the reader's language."""

    def __init__(self, field="name", **kwargs):
        # The accessor is not "key": lists end their order with the key, so they would seem to be sorted by this column.
        super().__init__(accessor="pk", attrs={"td": {"class": "name"}}, **kwargs)
        self.field = field

    def render(self, record):
        return linked_name(record)

    def order(self, queryset, is_descending):
        expression = reader_text(self.field)
        return queryset.order_by(expression.desc() if is_descending else expression.asc(), "key"), True


class ValueColumn(tables.Column):
    """A column that sorts empty values last in both directions, and equal values by key."""

    def order(self, queryset, is_descending):
        column = F(self.order_by[0].bare if self.order_by else str(self.accessor))
        known_first = column.desc(nulls_last=True) if is_descending else column.asc(nulls_last=True)
        return queryset.order_by(known_first, "key"), True


class FigureColumn(ValueColumn):
    """A right-aligned number or amount."""

    def __init__(self, **kwargs):
        super().__init__(attrs={"td": {"class": "figure"}, "th": {"class": "figure"}}, **kwargs)


class SeveralColumn(tables.Column):
    """A wide column of several values. It cannot be sorted."""

    def __init__(self, **kwargs):
        super().__init__(orderable=False, empty_values=(), attrs={"td": {"class": "several"}}, **kwargs)


class ChoiceColumn(tables.Column):
    """A column of choices. It sorts in the order in which they are declared, not by their codes; then by key."""

    def order(self, queryset, is_descending):
        name = str(self.accessor)
        choices = queryset.model._meta.get_field(name).flatchoices
        position = Case(
            *(When(**{name: value}, then=number) for number, (value, _label) in enumerate(choices)),
            output_field=IntegerField(),
        )
        return queryset.order_by(position.desc() if is_descending else position.asc(), "key"), True


class DateColumn(ValueColumn):
    """A partial date."""

    def __init__(self, **kwargs):
        super().__init__(attrs={"td": {"class": "date"}}, **kwargs)

    def render(self, value):
        return partial_date(value)


class RecordTable(tables.Table):
    """Base class of the tables of list pages."""

    class Meta:
        orderable = True

    def body(self):
        """Return the rows of the page as HTML.

        The cells are those of `BoundRow`. All that is the same in each row is computed once for each column, because a
        page has hundreds of cells.
        """
        columns = [(self._start_of_cell(column), self._cell_function(column)) for column in self.columns]
        html = []
        for row in self.paginated_rows:
            html.append("\n<tr>\n")
            html += [
                f"{start}{conditional_escape(localize(cell(row.record)))}</div>\n</td>\n" for start, cell in columns
            ]
            html.append("\n</tr>\n")
        return mark_safe("".join(html))

    @staticmethod
    def _start_of_cell(column):
        """Return the tags before the content of each cell of a column."""
        name = column.attrs["td"].get("class")
        attribute = format_html('\nclass="{}"', name) if name else ""
        return format_html('\n<td data-label="{}"{}>\n<div>', column.header, attribute)

    def _cell_function(self, bound):
        """Return a function from a record to its cell in a column.

        An empty value becomes the column's default. The value of a field with choices is its label.
        """
        accessor, default, empty_values = bound.accessor, bound.default, bound.column.empty_values
        parameters = inspect.signature(bound.render).parameters
        if "value" not in parameters and not empty_values:
            return lambda record: bound.render(record=record)
        choices = getattr(accessor.get_field(self._meta.model), "flatchoices", ())
        labels = {value: str(label) for value, label in choices}

        def cell(record):
            value = accessor.resolve(record)
            value = labels.get(value, value) if labels else value
            if value in empty_values:
                return default
            given = {"record": record, "value": value}
            return bound.render(**{name: given[name] for name in parameters})

        return cell


class SourceTable(RecordTable):
    """The list of sources."""

    title = ValueColumn(verbose_name=_("Source"), attrs={"td": {"class": "name"}})
    publisher = ValueColumn(accessor="publisher_name", order_by="publisher", verbose_name=_("Publisher"))
    date = DateColumn(verbose_name=_("Date"))
    kind = ChoiceColumn(verbose_name=_("Kind"))
    language = ValueColumn(verbose_name=_("Language"))

    class Meta(RecordTable.Meta):
        model = Source
        fields = ("title", "publisher", "date", "kind", "language")

    def render_title(self, record):
        title = in_language(record.own_title, record.own_title_language)
        link = format_html('<a href="{}">{}</a>', record.get_absolute_url(), title)
        if not record.title_original or get_language() == record.language:
            return link
        return format_html("{}<br><small>{}</small>", link, in_language(record.title, "en"))

    def render_language(self, value):
        return language_name(value)


def linked_name(record):
    """Return the name of a record as a link."""
    return format_html('<a href="{}">{}</a>', record.get_absolute_url(), name_html(record))


def linked_names(records):
    """Return the names of records as links, separated by commas."""
    return format_html_join(", ", "{}", ((linked_name(record),) for record in records))
