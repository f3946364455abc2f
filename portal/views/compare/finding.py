"""The search for projects to compare. There are too many projects for a select."""

from dataclasses import dataclass

from django.db.models import Prefetch
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext, ngettext

from portal.core.formatting import number
from portal.core.urls import with_query
from portal.facets import registry
from portal.models import Place
from portal.models.search_index import Kind, of_kind, record_of
from portal.search import ranking
from projects.models import Project

SHOWN = 20  # of the hits
NEWEST = 10  # of the projects, if there are no words
LONGEST = 200  # characters, the same limit as in a list


@dataclass
class ComparisonSearch:
    """Projects to choose from, besides those already chosen: the best hits for `words`, or the newest without words."""

    kind: object
    chosen: list
    words: str = ""

    @cached_property
    def _query(self):
        return ranking.parse_query(self.words)

    @cached_property
    def _found(self):
        return of_kind(Kind.PROJECT, ranking.matching_ids(self._query))

    @cached_property
    def count(self):
        """Return the number of projects to choose from."""
        if self.words:
            return len(self._found)
        return len(registry.facet_index(Project).all)

    @cached_property
    def records(self):
        """Return the chosen projects in their order, and the projects to choose from."""
        chosen = [record.pk for record in self.chosen]
        if self.words:
            best = [record_of(entry)[1] for entry in ranking.ranked(self._query, self._found)[: SHOWN + len(chosen)]]
        else:
            newest = Project.objects.published().latest_first().values_list("pk", flat=True)
            best = list(newest[: NEWEST + len(chosen)])
        best = [pk for pk in best if pk not in chosen][: SHOWN if self.words else NEWEST]
        countries = Prefetch("countries", Place.objects.published().in_order_of("name"))
        found = self.kind.options().only("key", "title_en", "title_ko", "title_ru", "start", "end", "status")
        found = found.prefetch_related(countries).in_bulk([*chosen, *best])
        return [found[pk] for pk in chosen], [found[pk] for pk in best if pk in found]

    @property
    def sentence(self):
        """Return a sentence that says what the projects to choose from are."""
        others, shown = self.count, number(len(self.records[1]))
        if not self.words:
            return gettext("Latest projects")
        if not others:
            return gettext("No projects match.")
        words = ngettext("%(count)s project matches.", "%(count)s projects match.", others)
        words %= {"count": number(others)}
        if others <= SHOWN:
            return words
        return gettext("{count} Showing the first {shown}.").format(count=words, shown=shown)

    @property
    def list_url(self):
        """Return the URL of the list of all projects to choose from."""
        return with_query(reverse("projects"), {"q": self.words} if self.words else {})
