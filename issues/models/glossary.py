"""Model of the glossary terms."""

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.models import AliasedMixin, Citation, Record, Source, citation_constraints


class Term(AliasedMixin, Record):
    """A technical term and its definition."""

    term = models.CharField(_("term"), max_length=100)
    definition = models.TextField(_("definition"))
    sources = models.ManyToManyField(
        Source, verbose_name=_("sources"), through="TermCitation", related_name="cited_by_terms"
    )

    name_field = "term"
    search_fields = ("term_en", "term_ko", "term_ru")
    search_paths = {"title": ("term",), "summary": ("definition",)}

    class Meta(Record.Meta):
        verbose_name = _("term")
        verbose_name_plural = _("terms")
        ordering = ["key"]
        indexes = [models.Index(fields=["updated_at"], name="term_changed")]  # for feeds and harvesters

    def get_absolute_url(self):
        return f"{reverse('glossary')}#{self.key}"


class TermCitation(Citation):
    """A source of a term's definition."""

    term = models.ForeignKey(Term, verbose_name=_("term"), on_delete=models.CASCADE, related_name="citations")

    natural_fields = ("term__key", "source__key")

    class Meta(Citation.Meta):
        constraints = citation_constraints("term", "term")
