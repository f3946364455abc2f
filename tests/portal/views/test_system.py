"""The web app manifest and the icons of the portal."""

import pytest
from django.contrib.staticfiles import finders
from PIL import Image


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
