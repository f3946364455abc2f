"""The search for unpublished records, by the words of their names, aliases and identifiers. Only the desk uses it."""

import functools
import operator

from django.db.models import Q

from portal.models.search_index import UnpublishedTitle
from portal.search import indexing
from portal.search.query import Clause, Phrase, Query


def unpublished_matching(query: Query) -> list[int]:
    """Return the entry ids of the unpublished records whose names or identifiers meet the question, in no order."""
    if not query:
        return []
    indexing.flush_index()
    found = _any(_all(map(_clause, clauses)) for clauses in query.alternatives)
    for clause in query.excluded:
        found &= ~_clause(clause)
    return list(UnpublishedTitle.objects.filter(found).values_list("pk", flat=True))


def _clause(clause: Clause) -> Q:
    return _any(_all(map(_phrase, way.phrases)) for way in clause.ways)


def _phrase(phrase: Phrase) -> Q:
    """Return the condition that the tokens of a phrase stand one after the other. Spaces part the stored tokens."""
    return Q(tokens__contains=f" {' '.join(phrase.tokens)}{'' if phrase.prefix else ' '}")


_all = functools.partial(functools.reduce, operator.and_)
_any = functools.partial(functools.reduce, operator.or_)
