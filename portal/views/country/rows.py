"""Numbers of records with links to the lists that have them."""

from dataclasses import dataclass

from django.urls import reverse

from portal.core.urls import with_query


@dataclass(frozen=True)
class CountRow:
    """A number of records with its label and the URL of their list; `share` is per cent of the largest number."""

    label: str
    count: int
    url: str
    share: int


def count_rows(counts, name, query, route="projects"):
    """Return rows for pairs of a choice and its number of records. `query` is that of their lists without `name`."""
    most = max((count for _choice, count in counts), default=0)
    return [
        CountRow(
            choice.label,
            count,
            with_query(reverse(route), query | {name: choice.value}),
            round(100 * count / most),
        )
        for choice, count in counts
    ]
