"""Documents name only existing paths, links and commands; the README is short; the decision records are listed."""

import re
import tomllib

import pytest
from django.conf import settings
from django.core.management import get_commands

from portal.http.usage import NETWORKS
from portal.models import UsageCount
from projects.iati import tables
from projects.models.stored_check import DAYS_KEPT
from tests.benchmarks import scaling

ROOT = settings.BASE_DIR
DOCUMENTS = sorted(str(path.relative_to(ROOT)) for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def anchors(document):
    """Return the fragments by which headings of a Markdown document are linked, as GitHub makes them."""
    headings = re.findall(
        r"^#+ (.+)$", re.sub(r"^```.*?^```", "", document, flags=re.MULTILINE | re.DOTALL), re.MULTILINE
    )
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_a_document_names_is_there(name):
    said = read(name)
    for path in re.findall(r"`((?:portal|issues|projects|templates|tests|static|fixtures|docs)/[\w./-]*)`", said):
        assert (ROOT / path).exists(), path
    for link, anchor in re.findall(r"\]\(([^)#:]*)#?([^)#:]*)\)", said):
        target = ((ROOT / name).parent / link).resolve() if link else ROOT / name
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), f"{link}#{anchor}"
    assert set(re.findall(r"manage\.py (\w+)", said)) - set(get_commands()) == set()
    fences = "\n".join(re.findall(r"^```.*?^```", said, re.MULTILINE | re.DOTALL))
    commands = re.findall(r"`make ([a-z]+)", said) + re.findall(r"^make ([a-z]+)", fences, re.MULTILINE)
    assert set(commands) - set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE)) == set()


def test_every_document_is_linked_from_the_readme():
    linked = {
        str((ROOT / link).resolve().relative_to(ROOT)) for link in re.findall(r"\]\(([^)#:]+)", read("README.md"))
    }
    assert {name for name in DOCUMENTS if not name.startswith("docs/adr/0")} - linked == {"README.md"}


def test_readme_is_short_and_pictures_are_small():
    assert len(read("README.md").split()) <= 1_500
    assert (ROOT / "docs/images/portal.png").stat().st_size < 200_000
    assert (ROOT / "docs/images/engines.svg").stat().st_size < 40_000


def test_tree_in_the_architecture_is_the_order_that_import_linter_checks():
    [contract] = tomllib.loads(read("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    layers = [name for layer in contract["layers"] for name in layer.split(" | ")]
    folders = [name.replace(".", "/") + "/" for name in layers if (ROOT / name.replace(".", "/")).is_dir()]
    named = re.findall(r"^\| `([\w/]+/)` \|", read("docs/architecture.md"), re.MULTILINE)
    assert named == folders[::-1]


def test_example_of_a_mapping_is_one_that_the_import_accepts():
    said = read("docs/iati.md")
    [example] = re.findall(r"^```toml\n(.*?)^```", said, re.MULTILINE | re.DOTALL)
    assert set(tables.mapping_of(example)) == tables.TOP
    assert {field for field in tables.FIELDS - tables.TEXTS if f"`{field}`" not in said} == set()


# ── Decision records ─────────────────────────────────────────────────────────────────────────────────────────

RECORDS = sorted(path.name for path in ROOT.glob("docs/adr/0*.md"))
SECTIONS = ["Context", "Decision", "Alternatives", "Consequences"]


def test_decision_records_are_numbered_without_gaps():
    assert [int(name[:4]) for name in RECORDS] == list(range(1, len(RECORDS) + 1))


@pytest.mark.parametrize("name", RECORDS)
def test_decision_record_has_its_number_date_and_sections(name):
    said = read(f"docs/adr/{name}")
    title, _blank, dated = said.splitlines()[:3]
    assert title.startswith(f"# {name[:4]} ")
    assert re.fullmatch(r"Date: 20\d\d-\d\d-\d\d\. Status: (accepted|superseded by \d{4})", dated)
    assert re.findall(r"^## (.+)$", said, re.MULTILINE) == SECTIONS
    assert f"| [{name[:4]}]({name}) | {title[7:]} |" in read("docs/adr/README.md")


def test_costs_of_scaling_are_those_of_the_calculation():
    assert scaling.table() in read("docs/scaling.md")


def test_security_document_says_what_the_portal_keeps_of_readers():
    """In the numbers of the code, as the page about privacy does."""
    said = " ".join(read("docs/security.md").split())
    page = " ".join(read("templates/portal/privacy_en.html").split())
    for number, kept in ((DAYS_KEPT, "{} days"), (UsageCount.MONTHS_KEPT, "Counts are kept for {} months")):
        assert kept.format(number) in page
        assert kept.format(number) in said
    assert "three networks asked for them on one day" in page
    assert "three networks asked for them on one day" in said
    assert NETWORKS == 3
    assert "no visitor statistics" not in said
