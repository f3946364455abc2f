"""Parameters of addresses: which a view knows, and what becomes of the others."""


def without_empty_values(query):
    """Return a copy of a QueryDict without blank values: a form sends its empty fields too."""
    rest = query.copy()
    for name in list(rest):
        values = [value for value in rest.getlist(name) if value.strip()]
        if values:
            rest.setlist(name, values)
        else:
            del rest[name]
    return rest
