"""What is known in memory of the records of a long list (`portal.members`): how many they are, and which come first.

The list says for its model where its sets are, so that an app below it can ask too.
"""

import itertools
import logging

from django.db import Error, connections

from portal.database import Keys
from portal.members import Members

FEW = 3_000  # of so many the database finds the first ones at once
STRETCH = 2_000  # of all records in their order: the first of many are looked for among these before

_sets = {}

logger = logging.getLogger(__name__)


def tell(model, sets):
    """Say by which function the sets of the list of a model are had."""
    _sets[model] = sets


def warm():
    """Read the sets of all long lists, for processes that begin: their first readers would wait for them."""
    try:
        for sets in _sets.values():
            sets()
    except Error as error:
        logger.warning("The sets of lists are read when somebody asks for them: %s", error)
    finally:
        connections.close_all()


def of(model) -> Members:
    """The sets of the list of a model, as the content stands now."""
    return _sets[model]()


def first_keys(ordered, keys, most) -> list[int]:
    """The primary keys of the first records of an ordered queryset that are among `keys`, at most so many."""
    if not keys or most < 1:
        return []
    pks = ordered.prefetch_related(None).values_list("pk", flat=True)
    if len(keys) > FEW:
        found = list(itertools.islice((pk for pk in pks[:STRETCH] if pk in keys), most))
        if len(found) == most:
            return found
    return list(pks.filter(pk__among=Keys(keys))[:most])


def in_order(queryset, pks) -> list:
    """The records of a queryset with these primary keys, in their order."""
    found = queryset.in_bulk(pks)
    return [found[pk] for pk in pks if pk in found]


def first(ordered, keys, most) -> list:
    """The first records of an ordered queryset that are among `keys`, at most so many."""
    return in_order(ordered, first_keys(ordered, keys, most))
