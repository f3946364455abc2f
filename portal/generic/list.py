"""List pages of records: a queryset, its filters and its table. They work with and without JavaScript."""

from django.core.paginator import Paginator
from django.utils.cache import patch_vary_headers
from django_filters.views import FilterView
from django_tables2 import SingleTableMixin

from portal.core.urls import with_query
from portal.formats import responses
from portal.formats.serialisers import RecordSelection
from portal.http import throttling
from portal.http.problems import ProblemDetail, one_of_sentence
from portal.seo.head import PageMetadataMixin

PAGE_SIZES = (25, 50, 100)


class ClampedPaginator(Paginator):
    """A paginator with a known row count. A page number out of range becomes the nearest page."""

    def __init__(self, rows, per_page, count):
        super().__init__(rows, per_page)
        self.count = count

    def validate_number(self, number):
        return min(max(number, 1), self.num_pages)


class RecordListView(PageMetadataMixin, SingleTableMixin, FilterView):
    """A list page. Subclasses set queryset, filterset_class, table_class and texts.

    - `count_words(n)` returns the number of records in words, in the reader's language.
    - `results_template` shows the records, as a table by default; `empty_template` is used if there are none.
    - A list with `whole = True` has no pagination.
    - `views` are the ways to show the list: pairs of a value of the parameter `view` (the first one is empty) and a
      label. Filters keep the chosen view.

    An invalid filter shows a message, and the other filters still apply. A page number that does not exist becomes the
    nearest one; a page size that is not in PAGE_SIZES becomes the first of them.
    """

    @classmethod
    def known_parameters(cls, as_file):
        names = {*cls.filterset_class.base_filters, *cls.parameters, "sort", "format"}
        if cls.views:
            names.add("view")
        if as_file:
            names |= {"lang"}
        if as_file or not cls.whole:
            names |= {"page", "per_page"}
        return names

    strict = False
    parameters = ()  # query parameters beside the filters
    template_name = "portal/record_list.html"
    results_template = "components/results_table.html"
    empty_template = "components/empty.html"
    whole = False
    title = ""
    lead = ""
    count_words = None
    default_sort = ""
    views = ()
    page_kind = "CollectionPage"

    def get(self, request, *args, **kwargs):
        if responses.requested_format(request):
            return responses.export_response(request, self.kinds, self.get_records)
        if request.GET.get("q"):
            throttling.throttle(request, "search")
        response = super().get(request, *args, **kwargs)
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
        self.filterset = self.get_filterset(self.get_filterset_class())
        self.filterset.raise_for_errors()
        self.object_list = self.filterset.qs
        table = self.get_table(**self.get_table_kwargs())
        self.refuse_unknown_sort(table)
        return RecordSelection(
            self.keys_of(table.data.data),
            kind=self.kinds[0] if len(self.kinds) == 1 else None,
            label=self.request.resolver_match.url_name,
            title=self.title,
            **responses.addresses(self.request),
        )

    def refuse_unknown_sort(self, table):
        """Raise ProblemDetail 400 if the list cannot be sorted by the parameter `sort`."""
        orders = [value for value, _words in self.sort_choices(table)]
        if orders and not set(self.request.GET.getlist("sort")) <= set(orders):
            raise ProblemDetail(400, one_of_sentence("sort", orders))

    def keys_of(self, rows):
        """Return the primary keys of a sorted queryset. Lists of several kinds return pairs of kind and primary key."""
        return list(rows.prefetch_related(None).values_list("pk", flat=True))

    @property
    def page_size(self):
        asked = self.request.GET.get("per_page", "")
        return int(asked) if asked.isdecimal() and int(asked) in PAGE_SIZES else PAGE_SIZES[0]

    @property
    def chosen_view(self):
        """The value of the parameter `view`; "" if the list has no such view."""
        asked = self.request.GET.get("view", "")
        return asked if asked in dict(self.views) else ""

    def canonical_query(self, context):
        """Return the query of the canonical URL: the view, and the page number if no filter is set.

        Pages of a filtered list have the URL of the unfiltered list as their canonical URL.
        """
        query = {"view": self.chosen_view} if self.chosen_view else {}
        number = 1 if self.whole else context["table"].page.number
        if number > 1 and set(self.request.GET) <= {"view", "page"}:
            query["page"] = number
        return query

    def view_links(self):
        """Return a triple for each view: label, URL with the same filters, and whether it is the current one."""
        links = []
        for value, label in self.views:
            query = self.request.GET.copy()
            query.pop("page", None)
            query.pop("view", None)
            if value:
                query["view"] = value
            links.append((label, with_query(self.request.path, query), value == self.chosen_view))
        return links

    def get_table_kwargs(self):
        return {"order_by_field": "sort", "page_field": "page"}

    def get_table_pagination(self, table):
        if self.whole or responses.requested_format(self.request):
            return False
        # django-tables2 would accept any page size from the URL; the portal accepts only PAGE_SIZES.
        count = self.filterset.counts["found"]
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
            "count": count,
            "total": total,
            "count_in_words": self.count_words(count),
            "total_in_words": self.count_words(total),
            "problems": self.filterset.error_messages,
            "sort": sort if sort.lstrip("-") in known else self.default_sort,
            "sort_choices": self.sort_choices(table),
            "results_template": self.results_template,
            "empty_template": self.empty_template,
            "chosen_view": self.chosen_view,
            "view_links": self.view_links(),
            "unfiltered": with_query(self.request.path, {"view": self.chosen_view} if self.chosen_view else {}),
            "page_sizes": () if self.whole else PAGE_SIZES,
            "page_size": self.page_size,
            "page_numbers": []
            if self.whole
            else table.paginator.get_elided_page_range(table.page.number, on_each_side=2, on_ends=1),
            "kept_query": [
                (name, value)
                for name, values in self.request.GET.lists()
                if name not in {"sort", "per_page", "page"}
                for value in values
            ],
            "trail": [(self.title, None)],
            "formats": responses.format_links(self.request, self.kinds),
        }

    def sort_choices(self, table):
        """Return pairs of a `sort` value and a label, for both directions of each sortable column."""
        return [
            (sign + column.name, f"{column.header} {arrow}")
            for column in table.columns
            if column.orderable
            for sign, arrow in (("", "↑"), ("-", "↓"))
        ]
