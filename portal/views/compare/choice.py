"""The records that a URL asks to compare, and the forms to choose them."""

from dataclasses import dataclass, field

from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import gettext

from portal.core.database import storable
from portal.models import FormerKey
from portal.views.compare.countries import Countries
from portal.views.compare.finding import ComparisonSearch
from portal.views.compare.issues import Issues
from portal.views.compare.projects import ProjectComparison

FEWEST, MOST = 2, 4
KINDS = {kind.name: kind for kind in (Countries(), Issues(), ProjectComparison())}


class ComparisonChoice:
    """The kind and the records in a query. Valid records are used; `problems` has a message for each other value."""

    def __init__(self, query):
        self.problems, self.kind, self.records = [], None, []
        self.mistakes = []  # the same messages for files: a request for a file with a mistake is refused
        asked = {
            KINDS[name]: list(dict.fromkeys(key.strip().lower() for key in query.getlist(name)))
            for name in query
            if name in KINDS
        }
        good = {kind: self.known(kind, keys) for kind, keys in asked.items()}
        if not any(good.values()):
            return
        self.kind = max(good, key=lambda kind: len(good[kind]))
        self.problems += [kind.others_left_out for kind, found in good.items() if found and kind is not self.kind]
        if len([found for found in good.values() if found]) > 1:
            self.mistakes.append(gettext("Only records of one kind can be compared."))
        found = good[self.kind]
        self.records = found[:MOST]
        if found[MOST:]:
            self.mistakes.append(gettext("No more than four are compared at a time."))
            self.problems.append(
                gettext("At most four can be compared at a time. Not compared: {names}.").format(
                    names=", ".join(record.name_and_language()[0] for record in found[MOST:])
                )
            )

    def known(self, kind, keys):
        """Return the records with these keys. A former key stands for the record that replaced it."""
        sound = storable(keys)
        found, former = kind.found(sound) if sound else {}, {}
        unknown = [key for key in sound if key not in found]
        if unknown and kind.former:
            former = dict(FormerKey.objects.filter(kind=kind.former, key__in=unknown).values_list("key", "now"))
            found |= kind.found(former.values()) if former else {}
        keys = list(dict.fromkeys(former.get(key, key) for key in keys))
        wrong = [key for key in keys if key not in found]
        self.problems += [
            gettext("{label}: “{value}” was not found and was ignored.").format(label=kind.label, value=key[:60])
            for key in wrong[:MOST]
        ]
        self.mistakes += [
            gettext("“{name}”: there is no “{value}”.").format(name=kind.name, value=key[:60]) for key in wrong[:MOST]
        ]
        return [found[key] for key in keys if key in found]

    @property
    def complete(self):
        """Return True if there are enough records to compare."""
        return len(self.records) >= FEWEST

    @property
    def query(self):
        """Return the query string of the compared records."""
        return self.query_of(self.records)

    def query_of(self, records):
        return urlencode([(self.kind.name, record.key) for record in records])


@dataclass
class Form:
    """A form to choose records of one kind, and the records that are already chosen."""

    kind: object
    chosen: list = field(default_factory=list)

    @cached_property
    def groups(self):
        """Return (heading, options). Each option is (key, name, language of the name, whether it is chosen)."""
        chosen = {record.key for record in self.chosen}
        return [
            (heading, [(record.key, *record.name_and_language(), record.key in chosen) for record in found])
            for heading, found in self.kind.groups(list(self.kind.options()))
        ]

    @property
    def selects(self):
        """Return the label of each select of the form and the key that is chosen in it."""
        keys = [record.key for record in self.chosen]
        return list(zip(self.kind.selects, [*keys, *[""] * MOST], strict=False))

    @property
    def rest(self):
        """Return the groups without the chosen options. Groups without options are left out."""
        groups = [(heading, [option for option in found if not option[3]]) for heading, found in self.groups]
        return [group for group in groups if group[1]]


def form_of(kind, chosen=(), words=""):
    """Return the form to choose records of a kind: a search by `words` if the kind is `searched`, otherwise a Form."""
    return ComparisonSearch(kind, list(chosen), words) if kind.searched else Form(kind, list(chosen))
