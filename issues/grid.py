"""The values of an indicator from one source as a table of years and places, to read, type or paste.

A page shows the values of one source, because values of two sources for the same place and year are independent. The
form carries the shown values, signed. So a value that another editor changed in the meantime is reported and not
overwritten.
"""

from dataclasses import dataclass, field
from functools import cached_property

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Count, Max, Min
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from issues.models import Observation
from portal.core.numbers import parse_number, plain
from portal.core.validators import FIRST_YEAR, LAST_YEAR, year_validators
from portal.import_export import files
from portal.import_export.apply import apply_plan, bump_versions, run_to_end
from portal.import_export.plan import ImportPlan
from portal.import_export.tables import schema_for
from portal.models import Place, Source
from portal.staff.edit_conflicts import opened, signed
from portal.tracking.history import change_reason

MOST_CELLS = 800  # Django accepts at most 1,000 form fields (DATA_UPLOAD_MAX_NUMBER_FIELDS)
WITHOUT_VALUES = 10  # years that are shown if there is no value yet
MOST_PASTED = 1_000_000  # bytes


def cell_name(year, place):
    """Return the name of the form field for a year and the key of a place."""
    return f"v-{year}-{place}"


class PlaceKeysField(forms.CharField):
    """A text field with keys of places, separated by spaces or commas. Its value is a list of places."""

    def clean(self, value):
        keys = list(dict.fromkeys(super().clean(value).replace(",", " ").split()))
        found = {place.key: place for place in Place.objects.filter(key__in=keys)}
        if missing := [key for key in keys if key not in found]:
            raise ValidationError(_("No place has this key: {keys}.").format(keys=", ".join(missing)))
        return [found[key] for key in keys]


class GridSelectionForm(forms.Form):
    """A form to choose the source, years and places of a grid."""

    source = forms.ModelChoiceField(Source.objects.none(), to_field_name="key", label=pgettext_lazy("desk", "Source"))
    other_source = forms.SlugField(
        label=gettext_lazy("Another source, by key"),
        required=False,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )
    first = forms.IntegerField(label=pgettext_lazy("desk", "From year"), validators=year_validators)
    last = forms.IntegerField(label=pgettext_lazy("desk", "To year"), validators=year_validators)
    places = PlaceKeysField(
        label=gettext_lazy("Places, by key"),
        widget=forms.TextInput(attrs={"class": "vLargeTextField"}),
        help_text=gettext_lazy("Separated by spaces, in column order."),
    )

    def __init__(self, data, *, sources):
        super().__init__(data)
        self.fields["source"].queryset = sources
        self.fields["source"].empty_label = None

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("other_source"):  # `ObservationGrid.chosen` moves an existing source to `source`
            self.add_error("other_source", _("No source has this key."))
        if {"first", "last", "places"} <= cleaned.keys():
            years, places = cleaned["last"] - cleaned["first"] + 1, len(cleaned["places"])
            if years < 1:
                self.add_error("last", _("The last year must not be earlier than the first."))
            elif years * places > MOST_CELLS:
                self.add_error(
                    "first",
                    _("{years} years × {places} places exceeds the limit of {most} cells per page.").format(
                        years=years, places=places, most=MOST_CELLS
                    ),
                )
        return cleaned


@dataclass
class GridCell:
    """A cell of the page: the typed text, the stored text and the errors."""

    name: str
    place: Place
    year: int
    text: str
    stored: str
    errors: list[str] = field(default_factory=list)

    @property
    def changed(self):
        return self.text != self.stored


class ObservationGrid:
    """The values of an indicator from one source, for some years and places."""

    def __init__(self, indicator, source, years, places):
        self.indicator, self.source, self.years, self.places = indicator, source, list(years), list(places)
        self.shown, self.typed, self.errors = {}, {}, {}

    # ── Selection ────────────────────────────────────────────────────────────────────────────────────────────

    @classmethod
    def sources(cls, indicator):
        """Return the sources with values of the indicator and its main source, those with the most values first."""
        counts = dict(
            Observation.objects.filter(indicator=indicator)
            .order_by()
            .values_list("source")
            .annotate(n=Count("pk"))
            .values_list("source", "n")
        )
        found = Source.objects.filter(pk__in={*counts, indicator.source_id})
        return sorted(found, key=lambda source: (-counts.get(source.pk, 0), source.key))

    @classmethod
    def chosen(cls, indicator, data):
        """Return the selection form and its grid; the grid is None if the form is invalid.

        `data` is the request's selection. Defaults from the stored values fill what it leaves out.
        """
        sources = cls.sources(indicator)
        asked = {name: data.get(name, "").strip() for name in ("source", "other_source", "first", "last", "places")}
        wanted = asked["other_source"] or asked["source"]
        source = next((one for one in sources if one.key == wanted), sources[0])
        if wanted != source.key and (other := Source.objects.filter(key=wanted).first()):
            source = other
            sources.append(other)
            asked |= {"source": other.key, "other_source": ""}
        rows = Observation.objects.filter(indicator=indicator)
        span = rows.filter(source=source).aggregate(first=Min("year"), last=Max("year"))
        keys = list(rows.order_by("place__key").values_list("place__key", flat=True).distinct()) or list(
            Place.objects.filter(group=Place.Group.CENTRAL_ASIA).values_list("key", flat=True)
        )
        last = span["last"] or timezone.localdate().year
        places = asked["places"] or " ".join(keys)
        # As many of the last years as fit into MOST_CELLS.
        room = MOST_CELLS // max(len(places.split()), 1)
        first = max(span["first"] or last - WITHOUT_VALUES + 1, last - room + 1)
        filled = {"source": source.key, "first": first, "last": last, "places": places}
        form = GridSelectionForm(filled | {name: text for name, text in asked.items() if text}, sources=_among(sources))
        if not form.is_valid():
            return form, None
        chosen = form.cleaned_data
        years = range(chosen["first"], chosen["last"] + 1)
        return form, cls(indicator, chosen["source"], years, chosen["places"])

    @classmethod
    def seen(cls, indicator, data):
        """Return the grid that a submitted form was built from, with the typed values.

        Return None if the signed state is missing or invalid, or if its source or places no longer exist.
        """
        state = opened(data.get("_seen"))
        if not isinstance(state, dict) or state.get("indicator") != indicator.pk:
            return None
        places = {place.key: place for place in Place.objects.filter(key__in=state["places"])}
        source = Source.objects.filter(key=state["source"]).first()
        if source is None or len(places) != len(state["places"]):
            return None
        first, last = state["years"]
        grid = cls(indicator, source, range(first, last + 1), [places[key] for key in state["places"]])
        grid.shown = state["values"]
        grid.typed = {name: data[name].strip() for name in grid.names if name in data}
        return grid

    @property
    def names(self):
        return [cell_name(year, place.key) for year in self.years for place in self.places]

    @cached_property
    def observations(self):
        """Return the stored observations by name of the cell. One query."""
        rows = Observation.objects.filter(
            indicator=self.indicator,
            source=self.source,
            place__in=self.places,
            year__range=(self.years[0], self.years[-1]),
        )
        keys = {place.pk: place.key for place in self.places}
        return {cell_name(row.year, keys[row.place_id]): row for row in rows}

    @cached_property
    def stored(self):
        """Return the stored values as text, by name of the cell."""
        return {name: plain(row.value) for name, row in self.observations.items()}

    @property
    def state(self):
        """Return what the page shows as stored, signed, for a field of its form."""
        return signed(
            {
                "indicator": self.indicator.pk,
                "source": self.source.key,
                "places": [place.key for place in self.places],
                "years": [self.years[0], self.years[-1]],
                "values": self.stored,
            }
        )

    def rows(self):
        """Yield the rows of the table: pairs of a year and its cells."""
        for year in self.years:
            yield year, [self._cell(cell_name(year, place.key), place, year) for place in self.places]

    def _cell(self, name, place, year):
        stored = self.stored.get(name, "")
        return GridCell(name, place, year, self.typed.get(name, stored), stored, self.errors.get(name, []))

    @property
    def faulty(self):
        """Return the cells with errors."""
        return [cell for _year, cells in self.rows() for cell in cells if cell.errors]

    @property
    def next_year(self):
        """Return the year after the last one; None if the page has no room for it."""
        year, cells = self.years[-1] + 1, (len(self.years) + 1) * len(self.places)
        return year if year <= LAST_YEAR and cells <= MOST_CELLS else None

    def with_next_year(self):
        """Return the grid with one more year and the typed values. `next_year` must not be None."""
        wider = ObservationGrid(self.indicator, self.source, [*self.years, self.next_year], self.places)
        wider.typed = self._typed_texts()
        return wider

    def _typed_texts(self):
        """Return the texts that were typed, by name of the cell, without those that the page showed."""
        return {name: text for name, text in self.typed.items() if text != self.shown.get(name, "")}

    # ── Pasting ──────────────────────────────────────────────────────────────────────────────────────────────

    def fill(self, name, data):
        """Read a pasted table or a file; return the extended grid and the number of cells it fills.

        The table has years in rows and places in columns, or the reverse, or one row for each value (place, year,
        value). Raise FileError if the table is too large, or if a place or year is unknown.
        """
        values = dict(_values_of(name, data))
        keys = dict.fromkeys(key for _year, key in values)
        places = {place.key: place for place in Place.objects.filter(key__in=keys)}
        if missing := [key for key in keys if key not in places]:
            raise files.FileError(_("No place has this key: {keys}.").format(keys=", ".join(missing)))
        years = [year for year, _key in values] + [self.years[0], self.years[-1]]
        wider = ObservationGrid(
            self.indicator,
            self.source,
            range(min(years), max(years) + 1),
            [*self.places, *(place for place in places.values() if place not in self.places)],
        )
        if len(wider.years) * len(wider.places) > MOST_CELLS:
            raise files.FileError(
                _("{years} years × {places} places exceeds the limit of {most} cells per page.").format(
                    years=len(wider.years), places=len(wider.places), most=MOST_CELLS
                )
            )
        wider.typed = self._typed_texts()
        for (year, key), text in values.items():
            wider.typed[cell_name(year, key)] = wider._as_stored(cell_name(year, key), text)
        return wider, len(values)

    def _as_stored(self, name, text):
        """Return the stored text if `text` is the same number, else `text`."""
        stored = self.stored.get(name, "")
        return stored if _same_number(text, stored) else text

    # ── Storing ──────────────────────────────────────────────────────────────────────────────────────────────

    def store(self, user, why):
        """Store what was typed: everything, or nothing if a cell has an error.

        Return (number of new values, number of changed values, removed values as (place, year, text)). Return None if
        nothing is stored because of errors.
        """
        changed, emptied = {}, {}
        for year in self.years:
            for place in self.places:
                name = cell_name(year, place.key)
                shown, now = self.shown.get(name, ""), self.stored.get(name, "")
                text = self.typed.get(name, shown)
                if _same_number(text, shown) or _same_number(text, now):
                    self.typed.pop(name, None)  # not edited, or equal to what is stored now
                elif now != shown:
                    self._refuse(name, _overtaken(now))
                elif text:
                    changed[name] = year, place, text
                else:
                    emptied[name] = self.observations[name]
        plan = self._plan(list(changed.values()), user, why, keep=not self.errors)
        for name, row in zip(changed, plan.rows, strict=True):
            for _column, words in row.errors:
                self._refuse(name, words)
        if self.errors:
            return None
        gone = [(row.place, row.year, plain(row.value)) for row in emptied.values()]
        with change_reason(why):
            for row in emptied.values():
                row.delete()
            if gone and not plan.effective_rows:
                bump_versions(type(self.indicator), [self.indicator.pk])
        return plan.counts["new"], plan.counts["changed"], gone

    def _refuse(self, name, words):
        self.errors.setdefault(name, []).append(words)

    def _plan(self, cells, user, why, keep):
        """Apply the typed cells as rows of an import, and return the plan.

        The import validates all rules and writes history. With `keep` False, its changes are rolled back.
        """
        header = ["indicator", "place", "year", "source", "value"]
        lines = [
            (line, [self.indicator.key, place.key, str(year), self.source.key, text])
            for line, (year, place, text) in enumerate(cells, 2)
        ]
        work = apply_plan(
            lambda: ImportPlan(schema_for(Observation), files.Sheet(header, lines), user), keep=keep, why=why
        )
        return run_to_end(work)


def _overtaken(now):
    if not now:
        return _("Another editor has deleted this value. Save again to keep yours.")
    return _("Another editor has changed this to “{value}”. Save again to keep yours.").format(value=now)


def _among(sources):
    return Source.objects.filter(pk__in=[source.pk for source in sources])


def _same_number(text, other):
    """Return True if two texts are the same number, or if both are empty."""
    if text == other or not (text and other):
        return text == other
    try:
        return parse_number(text) == parse_number(other)
    except ValidationError:
        return False


def _values_of(name, data):
    """Yield the values in a table as pairs of (year, place key) and text. Raise FileError if it is malformed."""
    if len(data) > MOST_PASTED:
        raise files.FileError(_("The table is too large."))
    sheet = files.read(name, data, ["place", "year", "value"])
    header = [cell.strip() for cell in sheet.header]
    lines = [[cell.strip() for cell in cells] for _line, cells in sheet.rows]
    for line, cells in sheet.rows:
        if left := [cell for at, cell in enumerate(cells) if cell.strip() and not "".join(header[at : at + 1])]:
            words = _("Line {line} has values outside of the named columns: {values}.")
            raise files.FileError(words.format(line=line, values=", ".join(left)))
    if {"place", "year", "value"} <= set(header):
        at = [header.index(column) for column in ("year", "place", "value")]
        found = [tuple(cells[place] for place in at) for cells in lines]
    elif all(map(_is_year, header[1:])):
        found = [(year, cells[0], text) for cells in lines for year, text in zip(header[1:], cells[1:], strict=False)]
    else:
        found = [(cells[0], key, text) for cells in lines for key, text in zip(header[1:], cells[1:], strict=False)]
    for year, key, text in found:
        if not _is_year(year):
            raise files.FileError(_("“{text}” is not a year.").format(text=year))
        if text and key:
            yield (int(year), key), text


def _is_year(text):
    return text.isascii() and text.isdigit() and FIRST_YEAR <= int(text) <= LAST_YEAR
