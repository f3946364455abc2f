"""Languages side by side in a form: which of them are shown, and how complete each of them is.

The form counts the texts that readers want in their own language (portal.staff.worklists): those that are required, and
those that stand in any language. The script beside it counts them anew while one types.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings

from portal.staff.worklists import texts_to_translate

ENGLISH = settings.LANGUAGE_CODE
LANGUAGES = dict(settings.LANGUAGES)
# What can be shown together; English, or all, beside what is translated from it.
CHOICES = [
    list(LANGUAGES),
    *([ENGLISH, code] for code in LANGUAGES if code != ENGLISH),
    *([code] for code in LANGUAGES),
]


@dataclass(frozen=True)
class TranslatedField:
    """A text of a form: its field’s name without the language, and whether readers need it whatever else stands."""

    name: str
    required: bool
    written: frozenset[str]  # languages that it stands in
    fixed: frozenset[str]  # languages in which whoever looks at the form cannot write it

    @property
    def counts(self):
        return self.required or bool(self.written)


class LanguageColumnsMixin:
    """For the admin of what has texts in several languages."""

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        return marked(self.model, db_field, field)

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        context["languages"] = LanguageProgress(context["adminform"].form, context.get("inline_admin_formsets", ()))
        if obj is not None and not self.may_change_whole(request, obj):
            # A translator reads the English and writes one language.
            own = sorted(self.languages(request, obj))
            context["languages"].preselected = " ".join([ENGLISH, *own]) if len(own) == 1 else ""
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)


def marked(model, db_field, field):
    """A form field which says that it holds a text to be counted, and whether readers need it at all events."""
    original = getattr(db_field, "translated_field", db_field)
    if field is not None and original is not db_field and original.name in texts_to_translate(model):
        field.widget.attrs["data-text"] = "required" if _required(model, original.name) else "optional"
    return field


def _required(model, name):
    return not model._meta.get_field(f"{name}_{ENGLISH}").blank


class LanguageProgress:
    """What a form says of the languages of its texts."""

    preselected = ""

    def __init__(self, form, inlines):
        self.texts = list(_texts_of(form))
        for inline in inlines:
            for row in inline.formset.forms:
                if row.instance.pk is not None or row.has_changed():
                    self.texts += _texts_of(row)

    @property
    def complete(self):
        """For each language: code, name, how many texts stand in it, how many should."""
        counted = [text for text in self.texts if text.counts]
        return [
            (code, name, sum(code in text.written for text in counted), len(counted))
            for code, name in LANGUAGES.items()
        ]

    @property
    def choices(self):
        """What can be shown: codes and names."""
        return [(" ".join(codes), [LANGUAGES[code] for code in codes]) for codes in CHOICES]

    @property
    def fixed(self):
        """The columns with a text that cannot be written here, for the script."""
        return " ".join(
            f"{text.name}_{code}" for text in self.texts for code in LANGUAGES if code in text.written & text.fixed
        )


def _texts_of(form) -> Iterator[TranslatedField]:
    model = type(form.instance)
    for name in texts_to_translate(model):
        values = {}
        for code in LANGUAGES:
            column = f"{name}_{code}"
            values[code] = form[column].value() if column in form.fields else getattr(form.instance, column)
        yield TranslatedField(
            form.add_prefix(name),
            _required(model, name),
            frozenset(code for code, value in values.items() if str(value or "").strip()),
            frozenset(code for code in LANGUAGES if f"{name}_{code}" not in form.fields),
        )
