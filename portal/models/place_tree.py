"""The hierarchy of places by `Place.part_of`."""

from portal.models import Place


def wholes_by_part(field="key") -> dict:
    """Return a dict from each place that is part of another to the set of all places that contain it, at any level.

    Places are given by the value of `field`. A cycle ends the walk. One query reads all such places: there are few.
    """
    whole_of = dict(Place.objects.exclude(part_of=None).values_list(field, f"part_of__{field}"))
    found = {}
    for part in whole_of:
        wholes, at = set(), part
        while (at := whole_of.get(at)) is not None and at not in wholes:
            wholes.add(at)
        found[part] = wholes
    return found
