"""The HXL tags of columns (Humanitarian Exchange Language 1.1), which a CSV file has as its second row with `hxl=1`.

Tools that know HXL, such as those of the Humanitarian Data Exchange, find by them what a column holds.
"""

import re

from portal.formats.fields import LANGUAGES

# From the name of a column, without its language, to its tag. Columns without a tag are allowed.
TAGS = {
    "country": "#country",
    "countries": "#country",
    "place": "#loc",
    "places": "#loc",
    "part_of": "#region",
    "latitude": "#geo+lat",
    "longitude": "#geo+lon",
    "organisation": "#org",
    "organisations": "#org",
    "organisations_role": "#org+role",
    "role": "#org+role",
    "areas": "#sector+area",
    "area": "#sector+area",
    "sectors": "#sector",
    "sector": "#sector",
    "issue": "#crisis+issue",
    "issues": "#crisis+issue",
    "cause": "#crisis+issue+cause",
    "effect": "#crisis+issue+effect",
    "parent": "#crisis+issue+parent",
    "project": "#activity",
    "status": "#status",
    "status_now": "#status+now",
    "status_as_of": "#date+status",
    "date": "#date",
    "start": "#date+start",
    "end": "#date+end",
    "planned_end": "#date+end+planned",
    "actual_end": "#date+end",
    "year": "#date+year",
    "published": "#date+published",
    "changed": "#date+updated",
    "budget": "#value+budget",
    "currency": "#currency",
    "indicator": "#indicator",
    "value": "#indicator+value+num",
    "unit": "#indicator+unit",
    "summary": "#description",
    "definition": "#description",
    "text": "#description",
    "source": "#meta+source",
    "sources": "#meta+source",
    "url": "#meta+url",
    "licence": "#meta+license",
}
# From the kind of record to the tag of what identifies and names it.
SUBJECTS = {
    "project": "#activity",
    "organisation": "#org",
    "place": "#loc",
    "issue": "#crisis+issue",
    "indicator": "#indicator",
    "event": "#event",
    "agreement": "#activity+agreement",
    "result": "#output",
    "source": "#meta+source",
    "term": "#meta+term",
}
LANGUAGE = re.compile(rf"_({'|'.join(LANGUAGES)})$")


def tag_of(head, kind=None):
    """Return the tag of a column (`ColumnHeader`) of a table of records of a kind; "" if HXL has none for it."""
    found = LANGUAGE.search(head.name)
    stem = head.name.removesuffix("_iati") if not found else head.name[: found.start()]
    if kind in SUBJECTS and stem in {"key", "name", "title"}:
        tag = SUBJECTS[kind]
    else:
        tag = TAGS.get(stem, "")
    if not tag or tag.startswith(("#date", "#geo", "#value", "#currency")) or head.type in {"number", "uri"}:
        return tag
    more = "+name" if found or stem in {"name", "title"} else "+code"
    if tag == "#description":
        more = ""
    elif head.name.endswith("_iati"):
        more = "+code+v_iati"
    return tag + more + ("+list" if head.list else "") + (f"+i_{found[1]}" if found else "")


def tag_row(records):
    """Return the tags of the columns of a `RecordSelection` or of another table."""
    return [tag_of(head, records.kind) for head in records.column_headers]
