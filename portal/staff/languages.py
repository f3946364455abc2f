"""The languages of a form: how complete each language is, and which translations are outdated.

The form counts the texts that readers need in their own language (portal.staff.worklists.texts_to_translate): those
that are required, and those that are written in any language. The form's script counts them again while the editor
types.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseNotAllowed, HttpResponseRedirect
from django.utils.text import capfirst
from django.utils.translation import ngettext

from portal.curation.translations import outdated_of, plain
from portal.history.diff import word_diff
from portal.staff.pages import admin_address, admin_path, posted_object
from portal.staff.worklists import texts_to_translate

ENGLISH = settings.LANGUAGE_CODE
LANGUAGES = dict(settings.LANGUAGES)
# The sets of languages that a form can show: all of them, English with one other, or one.
CHOICES = [
    list(LANGUAGES),
    *([ENGLISH, code] for code in LANGUAGES if code != ENGLISH),
    *([code] for code in LANGUAGES),
]


@dataclass(frozen=True)
class TranslatedField:
    """A translated text of a form: the name of its field without the language, and in which languages it is written.

    `required` texts count even if they are empty in every language.
    """

    name: str
    required: bool
    written: frozenset[str]  # languages in which the text is not empty
    fixed: frozenset[str]  # languages that the user may not edit

    @property
    def counts(self):
        return self.required or bool(self.written)


@dataclass(frozen=True)
class OutdatedText:
    """An outdated translation as the form shows it. `pieces` is the word difference of the English."""

    pk: int
    language: str
    label: str
    href: str
    pieces: list
    may_settle: bool


class TranslationMixin:
    """The admin of a model with translated texts: languages side by side in the form, and outdated translations.

    A class with this mixin adds `translation_context` to the context when it renders the form.
    """

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        return marked(self.model, db_field, field)

    def get_urls(self):
        still_right_path = admin_path(self, "<path:object_id>/still-right/", self.still_right_view, "still_right")
        return [still_right_path, *super().get_urls()]

    def translation_context(self, request, context, obj):
        """Return what the form of `obj` (None: of a new object) shows of its languages and outdated translations.

        `context` is the context of Django's form.
        """
        languages = LanguageProgress(context["adminform"].form, context.get("inline_admin_formsets", ()))
        if obj is None:
            return {"languages": languages}
        if not self.may_change_whole(request, obj):
            # A translator needs to see the English and their own language.
            own = sorted(self.languages(request, obj))
            languages.preselected = " ".join([ENGLISH, *own]) if len(own) == 1 else ""
        return {
            "languages": languages,
            "older": self._older(request, obj),
            "still_right_url": admin_address(self.model, "still_right", obj.pk),
        }

    def _may_write(self, request, obj, language):
        return self.may_change_whole(request, obj) or language in self.languages(request, obj)

    def _older(self, request, obj):
        """Return the outdated translations of a record and its rows, with one query for each model of rows."""
        found = list(outdated_of(obj))
        texts = {(obj._meta.label_lower, obj.pk): obj}
        for kind in {one.kind for one in found} - {obj._meta.label_lower}:
            rows = apps.get_model(kind)._base_manager.filter(pk__in=[one.row for one in found if one.kind == kind])
            texts |= {(kind, row.pk): row for row in rows}
        return [
            OutdatedText(
                one.pk,
                one.language,
                _label(text, one, obj),
                self._place(text, one, obj),
                differences(one.english, getattr(text, f"{one.field}_{settings.LANGUAGE_CODE}")),
                self._may_write(request, obj, one.language),
            )
            for one in found
            if (text := texts.get((one.kind, one.row)))
        ]

    def _place(self, text, one, obj):
        """Return the link to the place where a translation is edited: in this form, or on the admin page of its row."""
        if text is obj:
            return f"#id_{one.field}_{one.language}"
        for inline in self.inlines:
            if inline.model is type(text):
                field = next(f for f in inline.model._meta.concrete_fields if f.related_model is self.model)
                return f"#{field.remote_field.get_accessor_name(model=inline.model)}-group"
        return admin_address(type(text), "change", text.pk)

    def still_right_view(self, request, object_id):
        """Mark the chosen translations as up to date. Users may do so in the languages that they may edit."""
        if (obj := posted_object(self, request, object_id)) is None:
            return HttpResponseNotAllowed(["POST"])
        chosen = [pk for pk in request.POST.getlist("older") if pk.isdecimal()]
        settled = list(outdated_of(obj).filter(pk__in=chosen))
        if not all(self._may_write(request, obj, one.language) for one in settled):
            raise PermissionDenied
        outdated_of(obj).filter(pk__in=[one.pk for one in settled]).delete()
        if settled:
            text = ngettext(
                "{count} translation marked as still correct.",
                "{count} translations marked as still correct.",
                len(settled),
            )
            self.message_user(request, text.format(count=len(settled)), messages.INFO)
        return HttpResponseRedirect(admin_address(self.model, "change", obj.pk))


def marked(model, db_field, field):
    """Return the form field. If the form counts its text, the attribute `data-text` marks it for the script."""
    original = getattr(db_field, "translated_field", db_field)
    if field is not None and original is not db_field and original.name in texts_to_translate(model):
        field.widget.attrs["data-text"] = "required" if _required(model, original.name) else "optional"
    return field


def _required(model, name):
    return not model._meta.get_field(f"{name}_{ENGLISH}").blank


class LanguageProgress:
    """How many of the texts of a form and its inline rows are written in each language."""

    preselected = ""

    def __init__(self, form, inlines):
        self.texts = list(_texts_of(form))
        for inline in inlines:
            for row in inline.formset.forms:
                if row.instance.pk is not None or row.has_changed():
                    self.texts += _texts_of(row)

    @property
    def complete(self):
        """For each language: its code, its name, the number of texts written in it, and the number of counted texts."""
        counted = [text for text in self.texts if text.counts]
        return [
            (code, name, sum(code in text.written for text in counted), len(counted))
            for code, name in LANGUAGES.items()
        ]

    @property
    def choices(self):
        """The sets of languages that the form can show: pairs of codes with blanks between, and a list of names."""
        return [(" ".join(codes), [LANGUAGES[code] for code in codes]) for codes in CHOICES]

    @property
    def fixed(self):
        """The names of columns with a text that the user may not edit, with blanks between, for the script."""
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


def differences(before, after):
    """Return the word difference of two texts: pairs of "same", "del" or "ins" and a stripped text.

    Runs of white space count as one space.
    """
    return [(what, "".join(words).strip()) for what, words in word_diff(plain(before), plain(after))]


def _label(text, one, obj):
    """Return the label of a translated text: its row, its field and its language."""
    field = text._meta.get_field(f"{one.field}_{settings.LANGUAGE_CODE}").translated_field.verbose_name
    label = f"{capfirst(field)} ({LANGUAGES[one.language]})"
    return label if text is obj else f"{capfirst(text._meta.verbose_name)} “{text}”: {label}"
