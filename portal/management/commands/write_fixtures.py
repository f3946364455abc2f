"""Write the fixtures from a research dossier: YAML records in three languages, and observations as CSV.

Editors collect the facts in the dossier. The fixtures are the same facts in the format of the portal. No field is
ignored silently: the command stops at a field that it does not know.
"""

import csv
import json
import re
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from portal.core.citation_marks import MARK

LANGUAGES = ("en", "ko", "ru")
SECTIONS = ("drivers", "pressures", "state", "impacts", "responses")
WORDS = Path(__file__).parent.parent / "dossier_words.json"
# Further names of places and organisations, for the search: how they are written elsewhere.
SPELLINGS = Path(__file__).parent.parent / "other_spellings.json"
# The day on which the dossier was completed.
STAMP = "2026-11-24T00:00:00Z"

# The dossier has no records of countries: it refers to them by ISO 3166-1 code.
COUNTRIES = {
    "KZ": ("Kazakhstan", "카자흐스탄", "Казахстан"),
    "UZ": ("Uzbekistan", "우즈베키스탄", "Узбекистан"),
    "KG": ("Kyrgyzstan", "키르기스스탄", "Кыргызстан"),
    "TJ": ("Tajikistan", "타지키스탄", "Таджикистан"),
    "TM": ("Turkmenistan", "투르크메니스탄", "Туркменистан"),
    "KR": ("Republic of Korea", "대한민국", "Республика Корея"),
    "AF": ("Afghanistan", "아프가니스탄", "Афганистан"),
    "CH": ("Switzerland", "스위스", "Швейцария"),
    "CN": ("China", "중국", "Китай"),
    "GB": ("United Kingdom", "영국", "Великобритания"),
    "JP": ("Japan", "일본", "Япония"),
    "MY": ("Malaysia", "말레이시아", "Малайзия"),
    "NL": ("Netherlands", "네덜란드", "Нидерланды"),
    "RU": ("Russia", "러시아", "Россия"),
    "TR": ("Türkiye", "튀르키예", "Турция"),
}
GROUPS = {"KZ": "central-asia", "UZ": "central-asia", "KG": "central-asia", "TJ": "central-asia", "TM": "central-asia"}
GROUPS["KR"] = "korea"

# Places in a larger place of the dossier, or overlapping with one. Two pairs are nearly the same area: the Uzbek waters
# of the Aral Sea, and Kazakhstan's part of its dried bed. They stay separate, because projects are located in the part.
PART_OF = {
    "aral-sea-uz": "aral-sea",
    "aral-dried-seabed-kz": "aralkum-desert",
    "north-aral-sea": "aral-sea",
    "south-aral-sea": "aral-sea",
    "north-east-caspian": "caspian-sea",
    "zhambyl-block": "caspian-sea",
    "aral-sea": "aral-sea-basin",
    "amu-darya": "aral-sea-basin",
    "syr-darya-basin": "aral-sea-basin",
    "syr-darya": "syr-darya-basin",
    "naryn-river": "syr-darya-basin",
    **dict.fromkeys(
        ("nukus", "muynak", "bozatau-district", "kegeyli-district", "chimbay-district", "karauzyak-district")
        + ("kungrad-district", "takhtakupyr-district"),
        "karakalpakstan",
    ),
    **dict.fromkeys(
        ("suwon", "seongnam", "pyeongtaek", "gimpo", "bucheon", "ansan", "hwaseong", "anyang", "yongin")
        + ("yangpyeong", "hanam-union-park"),
        "gyeonggi",
    ),
}

# Finds the name of the file or dataset of a repository in the note of a source.
FILE = re.compile(r"\b(?:Files?|Dataset) ([\w.-]*\w)")

# Percentages that can exceed 100: water is used again, or comes from elsewhere.
MORE_THAN_THE_WHOLE = {"water-stress"}

# The number of the key figure that the home page shows for a main issue: an editorial choice.
HEADLINES = {"aral-sea-depletion": 3, "desertification": 1, "water-scarcity": 6, "climate-change": 1}


class Taken(dict):
    """A record of the dossier that remembers which of its fields were used."""

    def __init__(self, kind, record):
        super().__init__(record)
        self.kind, self.used = kind, set()

    def take(self, name, default=None):
        self.used.add(name)
        value = self.get(name, default)
        return default if value in (None, "none") else value

    def text(self, name, column=None):
        """Return a value by language as the columns of a translated field. A plain string counts as English."""
        value = self.take(name) or {}
        if isinstance(value, str):
            value = {"en": value}
        return {f"{column or name}_{language}": (value.get(language) or "").strip() for language in LANGUAGES}

    def done(self):
        if unknown := set(self) - self.used:
            name = " ".join(filter(None, (self.kind, self.get("key"))))
            raise CommandError(f"{name}: no place for {', '.join(sorted(unknown))}")


class Command(BaseCommand):
    help = "Write fixtures/*.json from a research dossier."

    def add_arguments(self, parser):
        parser.add_argument("dossier", type=Path, help="The folder with the dossier's YAML and CSV files.")
        parser.add_argument("--output", type=Path, default=Path("fixtures"), help="Where to write (default: fixtures).")

    def handle(self, *, dossier, output, **options):
        import yaml  # the package is a tool for editors, not for the running portal

        if not dossier.is_dir():
            raise CommandError(f"{dossier} is no folder. Name the folder that holds sources-*.yaml and the rest.")
        self.words = json.loads(WORDS.read_text(encoding="utf-8"))
        self.spellings = json.loads(SPELLINGS.read_text(encoding="utf-8"))
        self.dossier = dossier
        self.load = lambda path: yaml.load(
            path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        )
        self.kept = {}  # key of each merged source -> key of the source that replaces it
        written = {
            "10_sources": self.sources(),
            "20_places": self.places(),
            "30_organisations": self.organisations(),
            "40_issues": self.issues(),
            "45_events": self.events(),
            "50_indicators": self.indicators(),
            "55_observations": self.observations(),
            "60_projects": self.projects(),
            "70_agreements": self.agreements(),
            "80_glossary": self.terms(),
        }
        for name, rows in written.items():
            (output / f"{name}.json").write_text(as_json(rows), encoding="utf-8")
            self.stdout.write(f"{name}: {len(rows)} rows")

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────

    def records(self, pattern, kind):
        """Yield the records of one kind, in the order of the files. Raise CommandError if a field is not used."""
        for path in sorted(self.dossier.glob(pattern)):
            for record in self.load(path) or []:
                taken = Taken(kind, record)
                taken.file = path.stem
                yield taken
                taken.done()

    def record(self, taken, **fields):
        return {
            "key": taken.take("key"),
            "publication": "published",
            "version": 1,
            "created_at": STAMP,
            "updated_at": STAMP,
            **fields,
        }

    def citations(self, model, owner, natural_key, keys):
        """Return the citation rows. The keys of merged sources are replaced by those of the remaining source."""
        kept = dict.fromkeys(self.kept.get(key, key) for key in keys)
        return [
            row(model, {owner: natural_key, "source": [key], "position": position}) for position, key in enumerate(kept)
        ]

    def evidenced(self, taken):
        return {
            "confidence": taken.take("confidence"),
            **taken.text("evidence"),
            **taken.text("note"),
        }

    # ── kinds ────────────────────────────────────────────────────────────────────────────────────────────────

    def sources(self):
        by_url, order = {}, []
        for taken in self.records("sources-*.yaml", "source"):
            fields = self.record(
                taken,
                title=taken.take("title"),
                title_original=taken.take("title_original", ""),
                author=taken.take("author", ""),
                publisher=taken.take("publisher"),
                date=taken.take("date"),
                url=taken.take("url"),
                doi=taken.take("doi", ""),
                kind=taken.take("kind"),
                language=taken.take("language"),
                edition=taken.take("version", ""),
                licence=taken.take("licence", ""),
                note=taken.take("note", ""),
            )
            if fields["url"] in by_url and fields["kind"] == "dataset" and (file := FILE.search(fields["note"])):
                # Each of several files in a repository is a separate source. Its name is added to the URL as a
                # fragment.
                fields["url"] += f"#{file[1]}"
            twin = by_url.get(fields["url"])
            if twin is None:
                order.append(fields)
                if fields["url"]:
                    by_url[fields["url"]] = fields
            else:
                self.kept[fields["key"]] = twin["key"]
                merge_sources(twin, fields)
        rows = []
        for fields in sorted(order, key=lambda fields: fields["key"]):
            licence = fields.pop("licence")
            rows.append(row("portal.source", fields | self.worded("licences", licence, "licence")))
        rows += [
            row("portal.formerkey", {"kind": "source", "key": former, "now": key})
            for former, key in sorted(self.kept.items())
        ]
        return rows

    def places(self):
        places, citations = [], []
        for code, names in COUNTRIES.items():
            places.append(self.place(code.lower(), names, "country", group=GROUPS.get(code, "")))
        places.append(self.place("world", ("World", "세계", "Мир"), "world"))
        for taken in self.records("places-*.yaml", "place"):
            name = taken.take("name")
            country = taken.take("country")
            key = taken.take("key")
            places.append(
                self.place(
                    key,
                    [name[language] for language in LANGUAGES],
                    taken.take("kind"),
                    country=[country.lower()] if country else None,
                    part_of=[PART_OF[key]] if key in PART_OF else None,
                    latitude=decimal(taken.take("latitude")),
                    longitude=decimal(taken.take("longitude")),
                )
            )
            citations += self.citations("portal.placecitation", "place", [key], taken.take("sources", []))
        # A place must come after the places that it refers to.
        by_key = {fields["key"]: fields for fields in places}
        rows, seen = [], set()

        def add(fields):
            if fields["key"] in seen:
                return
            for name in ("country", "part_of"):
                if fields[name]:
                    add(by_key[fields[name][0]])
            seen.add(fields["key"])
            rows.append(row("portal.place", fields))

        for fields in places:
            add(fields)
        return rows + citations

    def place(self, key, names, kind, group="", country=None, part_of=None, latitude=None, longitude=None):
        return {
            "key": key,
            "publication": "published",
            "version": 1,
            "created_at": STAMP,
            "updated_at": STAMP,
            **{f"name_{language}": name for language, name in zip(LANGUAGES, names, strict=True)},
            "other_spellings": "\n".join(self.spellings["places"].get(key, [])),
            "kind": kind,
            "group": group,
            "country": country,
            "part_of": part_of,
            "latitude": latitude,
            "longitude": longitude,
        }

    def organisations(self):
        rows, citations = [], []
        for taken in self.records("organisations-*.yaml", "organisation"):
            country = taken.take("country")
            fields = self.record(
                taken,
                **taken.text("name"),
                acronym=taken.take("acronym", ""),
                other_spellings="\n".join(self.spellings["organisations"].get(taken["key"], [])),
                kind=taken.take("kind"),
                country=[country.lower()] if country else None,
                url=taken.take("url", ""),
            )
            rows.append(row("projects.organisation", fields))
            citations += self.citations(
                "projects.organisationcitation", "organisation", [fields["key"]], taken.take("sources", [])
            )
        return sorted(rows, key=by_key_field) + citations

    def issues(self):
        rows, others = [], []
        for position, taken in enumerate(self.records("issues.yaml", "issue")):
            parent = taken.take("parent")
            fields = self.record(
                taken,
                parent=[parent] if parent else None,
                position=position,
                **taken.text("name"),
                **taken.text("summary"),
            )
            key, marks = [fields["key"]], []
            for section in SECTIONS:
                for column, prose in taken.text(section).items():
                    fields[column] = MARK.sub(lambda mark: f"[{self.kept.get(mark[1], mark[1])}]", prose)
                    marks += MARK.findall(prose)
            fields["places"] = keys(taken.take("places", []))
            rows.append(row("issues.issue", fields))
            others += self.citations("issues.issuecitation", "issue", key, marks + taken.take("sources", []))
            for number, part in enumerate(taken.take("countries", [])):
                part = Taken(f"country note of {key[0]}", part)
                others.append(
                    row(
                        "issues.issueincountry",
                        {"issue": key, "country": [part.take("country").lower()], "position": number}
                        | part.text("note"),
                    )
                )
                part.done()
            others += [row("issues.issuesdg", {"issue": key, "code": code}) for code in taken.take("sdgs", [])]
            for number, figure in enumerate(taken.take("key_figures", []), 1):
                figure = Taken(f"key figure of {key[0]}", figure)
                others.append(
                    row(
                        "issues.keyfigure",
                        {"issue": key, "position": number, "headline": HEADLINES.get(key[0]) == number}
                        | figure.text("label")
                        | {"value": decimal(figure.take("value")), "year": figure.take("year")}
                        | self.worded("units", figure.take("unit"), "unit"),
                    )
                )
                others += self.citations(
                    "issues.keyfigurecitation", "figure", [*key, number], figure.take("sources", [])
                )
                figure.done()
        for taken in self.records("issue-links.yaml", "issue link"):
            pair = [taken.take("cause"), taken.take("effect")]
            others.append(row("issues.issuelink", {"cause": pair[:1], "effect": pair[1:]} | taken.text("mechanism")))
            others += self.citations("issues.issuelinkcitation", "link", pair, taken.take("sources", []))
        return rows + others

    def events(self):
        rows, citations = [], []
        for taken in self.records("events-*.yaml", "event"):
            fields = self.record(
                taken,
                kind=taken.file.removeprefix("events-"),
                date=taken.take("date"),
                **taken.text("title"),
                **taken.text("text"),
                countries=country_keys(taken.take("countries", [])),
                issues=keys(taken.take("issues", [])),
                places=keys(taken.take("places", [])),
            )
            rows.append(row("issues.event", fields))
            citations += self.citations("issues.eventcitation", "event", [fields["key"]], taken.take("sources", []))
        return sorted(rows, key=by_key_field) + citations

    def indicators(self):
        rows = []
        for position, taken in enumerate(self.records("indicators.yaml", "indicator")):
            source = taken.take("source")
            rows.append(
                row(
                    "issues.indicator",
                    self.record(
                        taken,
                        position=position,
                        **taken.text("name"),
                        **taken.text("definition"),
                        **taken.text("unit"),
                        **self.worded("units", taken.take("unit_symbol"), "unit_symbol"),
                        **bounds_of(taken),
                        direction=taken.take("direction"),
                        sdg_indicator=taken.take("sdg_indicator", ""),
                        issues=keys(taken.take("issues", [])),
                        source=[self.kept.get(source, source)],
                        **self.worded("licences", taken.take("licence"), "licence"),
                        **taken.text("note"),
                    ),
                )
            )
        return rows

    def observations(self):
        rows = []
        for path in sorted(self.dossier.glob("observations*.csv")):
            with path.open(encoding="utf-8", newline="") as file:
                for line in csv.DictReader(file):
                    rows.append(
                        row(
                            "issues.observation",
                            {
                                "indicator": [line["indicator"]],
                                "place": [line["area"].lower()],
                                "year": int(line["year"]),
                                "value": line["value"],
                                "source": [self.kept.get(line["source"], line["source"])],
                            },
                        )
                    )
        return rows

    def projects(self):
        rows, others = [], []
        for taken in self.records("projects-*.yaml", "project"):
            budget = Taken(f"budget of {taken['key']}", taken.take("budget") or {})
            fields = self.record(
                taken,
                **taken.text("title"),
                title_original=taken.take("title_original", ""),
                level=taken.take("level"),
                status=taken.take("status"),
                start=taken.take("start"),
                end=taken.take("end"),
                budget=decimal(budget.take("amount")),
                currency=budget.take("currency", ""),
                finance=taken.take("finance", ""),
                **taken.text("summary"),
                **taken.text("activities"),
                **taken.text("results"),
                **self.evidenced(taken),
                countries=country_keys(taken.take("countries", [])),
                places=keys(taken.take("places", [])),
                sectors=keys(str(code) for code in taken.take("sectors", [])),
            )
            budget.done()
            key = [fields["key"]]
            rows.append(row("projects.project", fields))
            others += [row("projects.projectarea", {"project": key, "area": area}) for area in taken.take("areas", [])]
            for part in taken.take("organisations", []):
                part = Taken(f"participation in {key[0]}", part)
                others.append(
                    row(
                        "projects.participation",
                        {"project": key, "organisation": [part.take("organisation")], "role": part.take("role")},
                    )
                )
                part.done()
            for link in taken.take("issues", []):
                link = Taken(f"issue of {key[0]}", link)
                others.append(
                    row(
                        "projects.projectissue",
                        {"project": key, "issue": [link.take("issue")], "significance": link.take("significance")}
                        | link.text("rationale"),
                    )
                )
                link.done()
            others += [row("projects.projectsdg", {"project": key, "code": code}) for code in taken.take("sdgs", [])]
            others += [
                row("projects.riomarker", {"project": key, "marker": marker, "significance": significance})
                for marker, significance in (taken.take("rio_markers") or {}).items()
            ]
            others += self.citations("projects.projectcitation", "project", key, taken.take("sources", []))
        return sorted(rows, key=by_key_field) + others

    def agreements(self):
        rows, others = [], []
        for taken in self.records("agreements.yaml", "agreement"):
            fields = self.record(
                taken,
                date=taken.take("date"),
                kind=taken.take("kind"),
                **taken.text("title"),
                level=taken.take("level"),
                **taken.text("summary"),
                **self.evidenced(taken),
                issues=keys(taken.take("issues", [])),
            )
            key = [fields["key"]]
            rows.append(row("projects.agreement", fields))
            for party in taken.take("parties", []):
                country = party in COUNTRIES
                others.append(
                    row(
                        "projects.agreementparty",
                        {
                            "agreement": key,
                            "country": [party.lower()] if country else None,
                            "organisation": None if country else [party],
                        },
                    )
                )
            others += [
                row("projects.agreementarea", {"agreement": key, "area": area}) for area in taken.take("areas", [])
            ]
            others += self.citations("projects.agreementcitation", "agreement", key, taken.take("sources", []))
        return sorted(rows, key=by_key_field) + others

    def terms(self):
        rows, citations = [], []
        for taken in self.records("glossary.yaml", "term"):
            fields = self.record(taken, **taken.text("term"), **taken.text("definition"))
            rows.append(row("issues.term", fields))
            citations += self.citations("issues.termcitation", "term", [fields["key"]], taken.take("sources", []))
        return sorted(rows, key=by_key_field) + citations

    def worded(self, kind, words, column):
        """Return the columns of a translated field for English words of the dossier.

        Raise CommandError if the word list has no translation of them.
        """
        if not words:
            return {f"{column}_{language}": "" for language in LANGUAGES}
        if words not in self.words[kind]:
            raise CommandError(f"{words!r} is not among the {kind} of {WORDS.name}. Add it there in three languages.")
        return {f"{column}_{language}": self.words[kind][words][language] for language in LANGUAGES}


def merge_sources(kept, other):
    """Merge the source `other` into `kept`. Both have the same URL.

    Two records of the same page differ little, so the values of `kept` are used, and those of `other` only fill gaps.
    For two extracts from one dataset, the titles, authors, editions and notes of both are joined.
    """
    for name, value in other.items():
        if name in {"key", "url"} or not value or value == kept[name]:
            continue
        if not kept[name] or (name == "date" and len(value) > len(kept[name])):
            kept[name] = value
        elif kept["kind"] == "dataset" and name in {"title", "author", "edition", "note"}:
            collection = f"{kept['title'].partition(': ')[0]}: "
            kept[name] += (" " if name == "note" else "; ") + value.removeprefix(collection)


def row(model, fields):
    return {"model": model, "fields": fields}


def keys(values):
    return [[value] for value in values]


def country_keys(codes):
    return [[code.lower()] for code in codes]


def bounds_of(indicator):
    """Return the limits of an indicator that is a percentage or an index; {} for others.

    The dossier does not have them.
    """
    if indicator["unit_symbol"] == "%" and indicator["key"] not in MORE_THAN_THE_WHOLE:
        return {"lowest": "0", "highest": "100"}
    return {"lowest": "0", "highest": "1"} if indicator["unit_symbol"] == "index" else {}


def decimal(value):
    return None if value is None else str(value)


def by_key_field(item):
    return item["fields"]["key"]


def as_json(rows):
    """Return the rows as JSON with one field per line, so that diffs are readable."""

    def written(value):
        return json.dumps(value, ensure_ascii=False)

    def block(item):
        fields = ",\n".join(f"    {written(name)}: {written(value)}" for name, value in item["fields"].items())
        return f'  {{\n    "model": {written(item["model"])},\n    "fields": {{\n{fields}\n    }}\n  }}'

    return "[\n" + ",\n".join(block(item) for item in rows) + "\n]\n"
