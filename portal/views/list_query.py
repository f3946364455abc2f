"""The filters of a list as a value: the records that a reader follows, by the page of their changes or by e-mail."""

import datetime
import functools
from collections.abc import Collection
from typing import ClassVar

from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext

from issues.views import Glossary, IndicatorList, IssueList
from portal.core.urls import with_query
from portal.history.substantive import ChangeKind, ChangesFound, substantive_changes
from portal.views.search import Search
from portal.views.sources import SourceList
from portal.views.timeline import Timeline
from projects.ledger import Ledger
from projects.views import AgreementList, OrganisationList, ProjectList, ResultList

ALL = "search"  # the list of all kinds of records
WORDS = "q"


class ListQuery:
    """One of the lists of the portal, and its filters. Wrong values are left out, as on the page of the list."""

    LISTS: ClassVar = {
        view.followed_as: view
        for view in (
            *(Search, ProjectList, AgreementList, Ledger, OrganisationList, ResultList),
            *(IssueList, IndicatorList, Timeline, Glossary, SourceList),
        )
    }

    def __init__(self, name: str, query: QueryDict) -> None:
        """An unknown name means all records, and parameters that are no filters of the list are ignored."""
        self.is_known = name in self.LISTS
        self.name = name if self.is_known else ALL
        self.view_class = self.LISTS[self.name]
        own = QueryDict(mutable=True)
        for parameter, values in query.lists():
            if parameter in self.names_of(self.name):
                own.setlist(parameter, values)
        request = HttpRequest()
        request.method, request.path, request.GET = "GET", reverse(self.name), own
        self.view = self.view_class()
        self.view.setup(request)

    @classmethod
    def from_request(cls, query: QueryDict) -> "ListQuery":
        """Return the list that the parameter `list` names, or all records, with its filters."""
        return cls(query.get("list", ALL), query)

    @classmethod
    def names_of(cls, name: str) -> set[str]:
        """Return the names of the parameters that select records of a list."""
        view_class = cls.LISTS[name]
        return {*view_class.filterset_class.base_filters, *(["scope"] if view_class.scopes else [])}

    @classmethod
    def all_names(cls) -> set[str]:
        """Return the names of the parameters of all lists, and `list`."""
        return {"list"}.union(*map(cls.names_of, cls.LISTS))

    @classmethod
    def foreign_names(cls, query: QueryDict) -> set[str]:
        """Return the parameters of a query that are filters of other lists than the one that it names."""
        return set(query) & cls.all_names() - cls.names_of(cls.from_request(query).name) - {"list"}

    @classmethod
    def own_url(cls, request: HttpRequest) -> str:
        """Return the URL of a request without the filters of other lists; "" if it has none of them."""
        if not (foreign := cls.foreign_names(request.GET)):
            return ""
        return with_query(request.path, {name: some for name, some in request.GET.lists() if name not in foreign})

    @property
    def title(self):
        """The title of the list; "" for the list of all records."""
        return "" if self.name == ALL else self.view_class.title

    @functools.cached_property
    def filterset(self):
        """The filters with the values of the query."""
        return self.view.get_filterset(self.view_class.filterset_class)

    @property
    def problems(self) -> list[str]:
        """A sentence for each value that was left out."""
        unknown = [] if self.is_known else [gettext("There is no such list. All records are shown.")]
        return [*unknown, *self.filterset.error_messages]

    @property
    def words(self) -> str:
        """The words that are searched for."""
        return self.filterset.valid_data.get(WORDS, "")

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Pairs of label and value of the chosen filters, without the words that a reader typed."""
        scope = dict(self.view_class.scopes).get(self.view.chosen_scope) if self.view_class.scopes else None
        chosen = [(one.label, str(one.value)) for one in self.filterset.active_filters if one.name != WORDS]
        return [*([("", str(scope))] if scope else []), *((str(label), value) for label, value in chosen)]

    @functools.cached_property
    def parameters(self) -> dict[str, list[str]]:
        """The valid values by parameter in a fixed order, with `list` first. All records have none."""
        found = {"list": [self.name]} if self.name != ALL else {}
        if self.view.chosen_scope:
            found["scope"] = [self.view.chosen_scope]
        for name, value in sorted(self.filterset.valid_data.items()):
            found[name] = sorted(map(str, value)) if isinstance(value, list) else [str(value)]
        return found

    @property
    def query(self) -> str:
        """The parameters as the query of a URL. Equal filters have equal queries."""
        return urlencode(self.parameters, doseq=True)

    @property
    def list_url(self) -> str:
        """The URL of the list itself with the same filters."""
        return with_query(reverse(self.name), {k: v for k, v in self.parameters.items() if k != "list"})

    @property
    def is_everything(self) -> bool:
        """Whether all records of all kinds are followed."""
        return not self.parameters

    def changes(
        self,
        since: datetime.datetime,
        until: datetime.datetime | None = None,
        kinds: Collection[str] = tuple(ChangeKind),
    ) -> ChangesFound:
        """Return the substantive changes of the records that the list shows, from `since` to just before `until`."""
        matching = None if self.is_everything else self.matching
        return substantive_changes(since, until, kinds=kinds, matching=matching)

    def matching(self, model, pks) -> set[int]:
        """Return those of the published records of `model` with these primary keys that the list shows."""
        if self.is_everything:
            return set(pks)
        if self._pairs is not None:
            return {pk for pk in pks if (model._meta.model_name, pk) in self._pairs}
        if model is not self.view_class.queryset.model:
            return set()
        return set(self.filterset.qs.filter(pk__in=list(pks)).order_by().values_list("pk", flat=True))

    @functools.cached_property
    def _pairs(self) -> set[tuple[str, int]] | None:
        """Pairs of kind and primary key of a list of several kinds; None for a list of one kind."""
        if self.name not in {ALL, Timeline.followed_as}:
            return None
        self.view.filterset = self.filterset
        return set(self.view.keys_of([] if self.name == ALL else self.filterset.qs))
