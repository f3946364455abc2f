"""List pages of records: a queryset, its filters and its table. They work with and without JavaScript."""

from django.core.paginator import Paginator
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext_lazy as _
from django_filters.views import FilterView
from django_tables2 import SingleTableMixin
from django_tables2.rows import BoundRows

from portal.core.urls import with_query
from portal.facets.filters import IndexedFilterSet
from portal.facets.registry import in_bulk_ordered
from portal.formats import responses
from portal.formats.serialisers import RecordSelection
from portal.http import throttling
from portal.http.problems import ProblemDetail, one_of_sentence
from portal.seo.embeds import Embed
from portal.seo.head import PageMetadataMixin

PAGE_SIZES = (25, 50, 100)


class ClampedPaginator(Paginator):
    """A paginator with a known row count. A page number out of range becomes the nearest page."""

    def __init__(self, rows, per_page, count):
        super().__init__(rows, per_page)
        self.count = count

    def validate_number(self, number):
        return min(max(number, 1), self.num_pages)


class ScanningPaginator(ClampedPaginator):
    """A paginator of the rows of a table whose list has an index: it reads the first pages of a long list by it."""

    def __init__(self, rows, per_page, count, filterset):
        super().__init__(rows, per_page, count)
        self.filterset = filterset

    def page(self, number):
        number, ordered = self.validate_number(number), self.object_list.data.data
        start = (number - 1) * self.per_page
        pks = self.filterset.scanned_ids(ordered, start, min(start + self.per_page, self.count))
        if pks is None:
            return super().page(number)
        records = in_bulk_ordered(self.filterset.queryset.for_list(), pks)
        return self._get_page(BoundRows(records, self.object_list.table), number, self)


class RecordListView(PageMetadataMixin, SingleTableMixin, FilterView):
    """A list page. Subclasses set queryset, filterset_class, table_class and texts.

    - `count_words(n)` returns the number of records in words, in the reader's language.
    - `results_template` shows the records, as a table by default; `empty_template` is used if there are none.
    - A list with `whole = True` has no pagination.
    - `views` are the ways to show the list: pairs of a value of the parameter `view` (the first one is empty) and a
      label. Filters keep the chosen view; files have no view.
    - `followed_as` is the name of the list whose changes readers can follow with the same filters
      (`portal.views.list_query`); empty if they cannot.
    - `scopes` are the sets of records that the list can be of: such pairs of the parameter `scope`. `get_queryset`
      narrows by `chosen_scope`. Filters and files keep it.

    An invalid filter shows a message, and the other filters still apply. A former key redirects to the present one. A
    page number that does not exist becomes the nearest one; a page size that is not in `page_sizes` becomes the first
    of them.
    """

    @classmethod
    def known_parameters(cls, as_file):
        names = {*cls.filterset_class.base_filters, *cls.parameters, "sort", "format"}
        if cls.views:
            names.add("view")
        if cls.scopes:
            names.add("scope")
        if as_file:
            names |= {"lang", "hxl", "full"}
        if as_file or not cls.whole:
            names |= {"page", "per_page"}
        return names

    strict = False
    parameters = ()  # query parameters beside the filters
    template_name = "portal/record_list.html"
    results_template = "components/results_table.html"
    empty_template = "components/empty.html"
    whole = False
    page_sizes = PAGE_SIZES  # the first one is the usual one
    title = ""
    lead = ""
    see_also = ()  # pages about the same records: pairs of a label and the name of a URL
    count_words = None
    default_sort = ""
    views = ()
    scopes = ()
    followed_as = ""
    embed_height = 0  # of the embed, in CSS pixels; 0 for a list without one
    formats = None  # names of the formats of the list; None means all that suit its kinds
    page_kind = "CollectionPage"

    def get(self, request, *args, **kwargs):
        if responses.requested_format(request):
            return responses.export_response(request, self.kinds, self.get_records, only=self.formats)
        if request.GET.get("q"):
            throttling.throttle(request, "search")
        response = super().get(request, *args, **kwargs)
        self.filterset.raise_for_former_keys()
        if request.htmx:
            response["HX-Push-Url"] = with_query(request.path, request.GET)
        patch_vary_headers(response, ("HX-Request",))
        return response

    def get_template_names(self):
        if self.request.htmx and not self.request.htmx.history_restore_request:
            return ["components/list.html"]
        return [self.template_name]

    def get_queryset(self):
        # `for_list` depends on the request's language and `queryset` is created at import, so get_table_data calls
        # `for_list`.
        return super().get_queryset().published()

    def get_table_data(self):
        return self.object_list.for_list() if hasattr(self.object_list, "for_list") else self.object_list

    @property
    def kinds(self):
        """The kinds of the listed records: the names of their models."""
        return (self.queryset.model._meta.model_name,)

    def get_records(self):
        """Return all records that match the filters, in the requested order, for export in some format."""
        return RecordSelection(
            self.keys_of(self.get_sorted_rows()),
            kind=self.kinds[0] if len(self.kinds) == 1 else None,
            label=self.request.resolver_match.url_name,
            title=self.title,
            **responses.addresses(self.request),
        )

    def get_sorted_rows(self):
        """Return the rows that match the filters in the requested order. Raise ProblemDetail 400 for a wrong value."""
        scopes = [value for value, _label in self.scopes]
        if scopes and self.request.GET.get("scope", "") not in scopes:
            raise ProblemDetail(400, one_of_sentence("scope", scopes[1:]))
        self.filterset = self.get_filterset(self.get_filterset_class())
        self.filterset.raise_for_errors()
        self.object_list = self.filterset.qs
        table = self.get_table(**self.get_table_kwargs())
        self.refuse_unknown_sort(table)
        return table.data.data

    def refuse_unknown_sort(self, table):
        """Raise ProblemDetail 400 if the list cannot be sorted by the parameter `sort`."""
        orders = [value for value, _words in self.sort_choices(table)]
        if orders and not set(self.request.GET.getlist("sort")) <= set(orders):
            raise ProblemDetail(400, one_of_sentence("sort", orders))

    def keys_of(self, rows):
        """Return the primary keys of a sorted queryset. Lists of several kinds return pairs of kind and primary key."""
        return list(rows.prefetch_related(None).values_list("pk", flat=True))

    @property
    def is_paginated(self):
        return not self.whole

    @property
    def page_size(self):
        asked = self.request.GET.get("per_page", "")
        return int(asked) if asked.isdecimal() and int(asked) in self.page_sizes else self.page_sizes[0]

    @property
    def chosen_view(self):
        """The value of the parameter `view`; "" if the list has no such view."""
        return self._chosen("view", self.views)

    @property
    def chosen_scope(self):
        """The value of the parameter `scope`; "" if the list has no such scope."""
        return self._chosen("scope", self.scopes)

    def _chosen(self, name, choices):
        asked = self.request.GET.get(name, "")
        return asked if asked in dict(choices) else ""

    @property
    def unfiltered_query(self):
        """The query of the list without filters: its view and scope."""
        chosen = {"scope": self.chosen_scope, "view": self.chosen_view}
        return {name: value for name, value in chosen.items() if value}

    @property
    def follow_links(self):
        """Pairs of label and URL: the changes of the listed records, as a page and by e-mail."""
        if not self.followed_as:
            return []
        names = {*self.filterset_class.base_filters, "scope"}
        query = {"list": self.followed_as} | {name: v for name, v in self.request.GET.lists() if name in names}
        return [
            (label, with_query(reverse(name), query))
            for label, name in ((_("What changed in this list"), "what-changed"), (_("Changes by e-mail"), "digest"))
        ]

    def canonical_query(self, context):
        """Return the query of the canonical URL: view and scope, and the page number if no filter is set.

        Pages of a filtered list have the URL of the unfiltered list as their canonical URL.
        """
        query = self.unfiltered_query
        number = context["table"].page.number if self.is_paginated else 1
        if number > 1 and set(self.request.GET) <= {"view", "scope", "page"}:
            query["page"] = number
        return query

    @property
    def embed(self):
        """The list with its filters and order for the frames of other sites; None if it has no embed."""
        if not self.embed_height:
            return None
        values = [str(active.value) for active in self.filterset.active_filters if active.name != "q"]
        query = self.filterset.valid_data | self.embed_query
        return Embed(self.request.path, query, " · ".join([str(self.title), *values]), self.embed_height)

    @property
    def embed_query(self):
        """The parameters besides the filters that the embed keeps."""
        sort = self.request.GET.get("sort", "")
        return {"sort": sort} if sort.removeprefix("-") in self.table_class.base_columns else {}

    def _links(self, name, choices):
        """Return (label, URL with the same filters, whether it is chosen) of each choice of `view` or `scope`."""
        links, chosen = [], self._chosen(name, choices)
        for value, label in choices:
            query = self.request.GET.copy()
            query.pop("page", None)
            query.pop(name, None)
            if value:
                query[name] = value
            links.append((label, with_query(self.request.path, query), value == chosen))
        return links

    def get_table_kwargs(self):
        return {"order_by_field": "sort", "page_field": "page"}

    def get_table_pagination(self, table):
        if not self.is_paginated or responses.requested_format(self.request):
            return False
        # django-tables2 would accept any page size from the URL; the portal accepts only `page_sizes`.
        count = self.filterset.counts["found"]
        if isinstance(self.filterset, IndexedFilterSet):
            return {
                "paginator_class": lambda rows, per_page: ScanningPaginator(rows, self.page_size, count, self.filterset)
            }
        return {"paginator_class": lambda rows, per_page: ClampedPaginator(rows, self.page_size, count)}

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        table = context["table"]
        count, total = self.filterset.counts["found"], self.filterset.counts["all"]
        sort = self.request.GET.get("sort", "")
        known = {name.lstrip("-") for name, _label in self.sort_choices(table)}
        return context | {
            "title": self.title,
            "lead": self.lead,
            "see_also": [(label, reverse(name)) for label, name in self.see_also],
            "count": count,
            "total": total,
            "count_in_words": self.count_words(count),
            "total_in_words": self.count_words(total),
            # Pairs of a filter and how many records the list has without it, in words.
            "loosened": [] if count else [(one, self.count_words(one.count)) for one in self.filterset.loosened],
            "problems": self.filterset.error_messages,
            "sort": sort if sort.lstrip("-") in known else self.default_sort,
            "sort_choices": self.sort_choices(table),
            "follow_links": self.follow_links,
            "results_template": self.results_template,
            "empty_template": self.empty_template,
            "chosen_view": self.chosen_view,
            "chosen_scope": self.chosen_scope,
            "view_links": self._links("view", self.views),
            "scope_links": self._links("scope", self.scopes),
            "unfiltered": with_query(self.request.path, self.unfiltered_query),
            "page_sizes": self.page_sizes if self.is_paginated else (),
            "page_size": self.page_size,
            "page_numbers": table.paginator.get_elided_page_range(table.page.number, on_each_side=2, on_ends=1)
            if self.is_paginated
            else [],
            "kept_query": [
                (name, value)
                for name, values in self.request.GET.lists()
                if name not in {"sort", "per_page", "page"}
                for value in values
            ],
            "trail": [(self.title, None)],
            "formats": responses.format_links(self.request, self.kinds, only=self.formats),
            "embed": self.embed,
        }

    def sort_choices(self, table):
        """Return pairs of a `sort` value and a label, for both directions of each sortable column."""
        return [
            (sign + column.name, f"{column.header} {arrow}")
            for column in table.columns
            if column.orderable
            for sign, arrow in (("", "↑"), ("-", "↓"))
        ]
