"""The web app manifest, the icons and the search description of the portal."""

import pytest
from django.contrib.staticfiles import finders
from lxml import etree
from PIL import Image

from tests.reading import page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "name"), [("en", "Central Asia"), ("ko", "중앙아시아"), ("ru", "Центральная Азия")]
)
def test_the_manifest_names_the_portal_in_the_language_of_the_page(client, language, name):
    assert f'<link rel="manifest" href="/{language}/manifest.webmanifest">' in client.get(f"/{language}/").text
    manifest = client.get(f"/{language}/manifest.webmanifest")
    assert manifest["Content-Type"] == "application/manifest+json"
    content = manifest.json()
    assert (content["short_name"], content["lang"]) == (name, language)
    assert client.get(content["start_url"]).status_code == 200


@pytest.mark.django_db
def test_icons_have_the_sizes_that_the_manifest_states(client, settings):
    for icon in client.get("/en/manifest.webmanifest").json()["icons"]:
        with Image.open(finders.find(icon["src"].removeprefix(settings.STATIC_URL))) as picture:
            assert f"{picture.width}x{picture.height}" == icon["sizes"]


def test_programs_that_read_no_page_find_the_icon(client):
    assert client.get("/favicon.ico")["Location"].endswith("img/favicon.ico")


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "ko", "ru"])
def test_browsers_can_search_the_portal(client, language):
    [href] = page(client.get(f"/{language}/")).xpath("//head/link[@rel='search']/@href")
    response = client.get(href)
    assert response.headers["Content-Type"] == "application/opensearchdescription+xml"
    tree = etree.fromstring(response.content)
    assert len(tree.findtext("{*}ShortName")) <= 16  # a limit of the specification
    assert tree.findtext("{*}Language") == language
    templates = {url.get("type"): url.get("template") for url in tree.findall("{*}Url")}
    assert templates.pop("application/opensearchdescription+xml") == f"http://testserver{href}"
    for media, template in templates.items():
        found = client.get(template.removeprefix("http://testserver").replace("{searchTerms}", "aral"))
        assert (found.status_code, found.headers["Content-Type"].partition(";")[0]) == (200, media)
    assert finders.find(tree.findtext("{*}Image").removeprefix("http://testserver/static/"))
