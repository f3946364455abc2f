"""Which places lie in which: parts, their parts, and so on."""

from portal.models import Place


def wholes_by_part(field="key") -> dict:
    """Each place that is part of another, with all that it lies in at any level. One query: there are few places."""
    whole_of = dict(Place.objects.exclude(part_of=None).values_list(field, f"part_of__{field}"))
    found = {}
    for part in whole_of:
        wholes, at = set(), part
        while (at := whole_of.get(at)) is not None and at not in wholes:
            wholes.add(at)
        found[part] = wholes
    return found
