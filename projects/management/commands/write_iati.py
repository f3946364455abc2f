"""Write the portal's data on the IATI standard from a folder of the standard: `manage.py write_iati ../shared/iati`.

The folder holds the schemas (`xsd/2.01`, `2.02`, `2.03`), the code lists (`codelists/*.csv`) and the rules that suggest
issues (`suggest/rules.csv`). The command writes `facts.json`, with the structure that the three versions allow and the
code lists that an import uses, and `suggestions.json`, both in projects/iati/.
"""

import csv
import json
from collections import defaultdict
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from lxml import etree

VERSIONS = ("2.01", "2.02", "2.03")
XSD = "{http://www.w3.org/2001/XMLSchema}"
ROOT = "iati-activity"
TEXT = "string"
# The lists whose codes the import checks, or whose codes files may write in another case.
LISTS = (
    *("ActivityDateType", "ActivityStatus", "AidType", "BudgetStatus", "BudgetType", "Country", "Currency"),
    *("DescriptionType", "DocumentCategory", "FinanceType", "FlowType", "IndicatorMeasure", "OrganisationRole"),
    *("OrganisationType", "PolicyMarker", "PolicySignificance", "Region", "RelatedActivityType", "ResultType"),
    *("SectorCategory", "TiedStatus", "TransactionType", "UNSDG-Goals", "UNSDG-Targets"),
)


class Schema:
    """The elements of one version of the schema, in `found` by their path from the activity."""

    def __init__(self, folder):
        self.elements, self.types, self.attributes = {}, {}, {}
        for name in ("iati-activities-schema.xsd", "iati-common.xsd"):
            root = etree.parse(str(folder / name)).getroot()
            self.elements |= {element.get("name"): element for element in root.findall(f"{XSD}element")}
            self.attributes |= {attribute.get("name"): attribute for attribute in root.findall(f"{XSD}attribute")}
            self.types |= {kind.get("name"): kind for kind in root.findall(f"{XSD}complexType")}
        self.found = {}
        self.walk(ROOT, self.elements[ROOT])

    def walk(self, path, element):
        kind = element.find(f"{XSD}complexType")
        named = element.get("type", "")
        if kind is None and named.startswith("xsd:"):
            self.found[path] = {"text": named.removeprefix("xsd:"), "attributes": {}, "children": []}
            return
        parts = [kind if kind is not None else self.types[named]]
        text = ""
        while (extension := self.extension(parts[-1])) is not None:
            base = extension.get("base")
            if base.startswith("xsd:"):
                text = base.removeprefix("xsd:")
                break
            parts.append(self.types[base])
        node = self.found[path] = {"text": text, "attributes": {}, "children": []}
        for part in parts:
            for attribute in part.iter(f"{XSD}attribute"):
                # An attribute belongs to the innermost type that contains it.
                name = attribute.get("ref") or attribute.get("name")
                if next(attribute.iterancestors(f"{XSD}complexType")) is part and ":" not in name:
                    declared = (self.attributes[name] if attribute.get("ref") else attribute).get(
                        "type"
                    ) or "xsd:string"
                    node["attributes"][name] = [declared.removeprefix("xsd:"), attribute.get("use") == "required"]
            for child in part.iter(f"{XSD}element"):
                if next(child.iterancestors(f"{XSD}complexType")) is part:
                    name = child.get("ref") or child.get("name")
                    most = child.get("maxOccurs", "1")
                    node["children"].append([name, int(child.get("minOccurs", "1")), 1 if most == "1" else 0])
                    self.walk(f"{path}/{name}", self.elements[child.get("ref")] if child.get("ref") else child)

    @staticmethod
    def extension(kind):
        """Return the extension element of a type itself; None if there is none. Nested types are ignored."""
        found = kind.iter(f"{XSD}extension")
        return next((one for one in found if next(one.iterancestors(f"{XSD}complexType")) is kind), None)


def merged(schemas):
    """Return one structure for all versions, with the children in the order of the last version.

    It allows what any version allows. Something is required if all versions require it.
    """
    structure = {}
    for path in dict.fromkeys(path for schema in reversed(schemas) for path in schema.found):
        nodes = [schema.found[path] for schema in schemas if path in schema.found]
        attributes = {}
        for node in nodes:
            for name, (kind, required) in node["attributes"].items():
                everywhere = required and all(other["attributes"].get(name, ["", False])[1] for other in nodes)
                attributes[name] = kind + ("!" if everywhere else "")
        children = {}
        for name, least, _most in (child for node in reversed(nodes) for child in node["children"]):
            seen = [child for node in nodes for child in node["children"] if child[0] == name]
            least = min([child[1] for child in seen] + [0] * (len(seen) < len(nodes)))
            children[name] = f"{least}{'1' if all(child[2] == 1 for child in seen) else '*'}"
        structure[path] = {"text": nodes[-1]["text"], "attributes": attributes, "children": children}
    return structure


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Command(BaseCommand):
    help = "Write what the portal knows of the IATI standard (projects/iati/*.json) out of a folder of it."

    def add_arguments(self, parser):
        parser.add_argument("folder", type=Path, help="The folder that holds xsd/, codelists/ and suggest/.")
        parser.add_argument("--into", type=Path, default=settings.BASE_DIR / "projects" / "iati")

    def handle(self, *args, folder, into, **options):
        if not (folder / "codelists").is_dir():
            raise CommandError(f"{folder} holds no codelists.")
        codes = defaultdict(dict)
        for name in LISTS:
            for row in rows_of(folder / "codelists" / f"{name}.csv"):
                codes[name][row["code"]] = 0 if row.get("status") == "withdrawn" else 1
        facts = {
            "structure": merged([Schema(folder / "xsd" / version) for version in VERSIONS]),
            "codes": codes,
            "sectors": {
                row["code"]: ["" if row["status"] == "active" else "withdrawn", row["name_en"]]
                for row in rows_of(folder / "codelists" / "Sector.csv")
            },
        }
        lines = [f"{json.dumps(kind)}: {{\n{entries(found)}\n}}" for kind, found in facts.items()]
        (into / "facts.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
        rules = [
            {
                "issue": "" if row["issue"] == "*" else row["issue"],
                "by": row["kind"],
                "match": row["match"].split("|"),
                "weight": int(row["weight"]),
            }
            for row in rows_of(folder / "suggest" / "rules.csv")
        ]
        text = ",\n".join(json.dumps(rule, ensure_ascii=False) for rule in rules)
        (into / "suggestions.json").write_text(f"[\n{text}\n]\n", encoding="utf-8")
        self.stdout.write(f"{len(facts['structure'])} elements, {len(codes)} code lists, {len(rules)} rules")


def entries(found):
    return ",\n".join(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in found.items())
