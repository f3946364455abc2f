"""The header and the footer of each page lead to all main pages and mark the current one."""

import pytest
from lxml.html import fromstring

from portal.templatetags.navigation import LABELS
from tests.world import make_project

MENU, BAR = "//header//*[@id='menu']", "//nav[@class='site-bar']"

pytestmark = pytest.mark.django_db


def links(client, path, where):
    """Return {path: (text, aria-current)} for the links of a part of a page."""
    page = fromstring(client.get(path).content)
    return {link.get("href"): (link.text_content(), link.get("aria-current")) for link in page.xpath(f"{where}//a")}


@pytest.mark.parametrize(("language", "compare"), [("en", "Compare"), ("ko", "비교"), ("ru", "Сравнение")])
def test_the_menu_of_the_header_and_the_site_index_of_the_footer_list_all_main_pages(client, language, compare):
    menu, index = (links(client, f"/{language}/", where) for where in (MENU, "//footer//*[@id='site-index']"))
    assert menu == index
    assert len(menu) == len(LABELS)
    assert menu[f"/{language}/compare/"] == (compare, None)
    for address in menu:
        assert client.get(address, follow=True).status_code == 200, address


def test_the_page_itself_is_current(client):
    assert links(client, "/en/projects/", BAR)["/en/projects/"] == ("Projects", "page")
    assert links(client, "/en/projects/", MENU)["/en/projects/"] == ("Projects", "page")


def test_on_a_page_below_a_list_the_list_is_current(client):
    project = make_project()
    assert links(client, project.get_absolute_url(), BAR)["/en/projects/"] == ("Projects", "true")


def test_of_two_pages_above_the_nearest_is_current(client):
    current = {address for address, (_text, now) in links(client, "/en/about/data/", MENU).items() if now}
    assert current == {"/en/about/data/"}


def test_buttons_open_the_panels_of_the_page(client):
    page = fromstring(client.get("/en/").content)
    targets = [button.get("popovertarget") for button in page.xpath("//header//button[@type='button']")]
    assert targets == ["search-panel", "language-panel", "menu"]
    for target in targets:
        assert page.get_element_by_id(target).get("popover") is not None
