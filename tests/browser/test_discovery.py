"""The metadata of a page is available to programs in a browser and obeys the content policy."""

import json

import pytest


@pytest.mark.parametrize("path", ["en/", "ko/indicators/aral-sea-area/", "ru/projects/koica-gggi-aral-sea-grip/"])
def test_data_of_a_page_are_let_through_and_not_run(page, site, path):
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.add_init_script(
        "document.addEventListener('securitypolicyviolation', event => console.error(event.violatedDirective))"
    )
    response = page.goto(f"{site.url}/{path}")
    assert "script-src 'self'" in response.headers["content-security-policy"]
    [said] = page.locator("script[type='application/ld+json']").all_text_contents()
    assert json.loads(said)["@graph"][0]["url"] == f"{site.url}/{path}"
    assert complaints == []


def test_picture_of_a_link_is_one(page, site):
    page.goto(f"{site.url}/en/projects/koica-gggi-aral-sea-grip/")
    address = page.locator("meta[property='og:image']").get_attribute("content")
    assert address == f"{site.url}/picture/projects/koica-gggi-aral-sea-grip.png"
    page.goto(address)
    assert page.evaluate("[document.images[0].naturalWidth, document.images[0].naturalHeight]") == [1200, 630]
