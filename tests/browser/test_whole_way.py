"""The whole way of a project in real browsers: written, reviewed with its source, published, revised and reverted."""

from playwright.sync_api import expect

from portal.models import Place
from portal.tracking.change_log import content_transaction
from tests.make import make_citation, make_project, make_source

HAN, SEO = 2, 3  # an editor and a reviewer: tests/browser/conftest.py
SOURCE = (
    "@misc{x, title={Planting report of the Muynak forestry}, author={Kim, Chul-soo}, year={2024}, month=mar, "
    "url={https://example.org/planting}}"
)


class Hand:
    """Works on a page, and counts clicks. To go to a field and to choose from a list are clicks too."""

    def __init__(self, page):
        self.page, self.clicks = page, 0

    def click(self, locator):
        locator.click()
        self.clicks += 1

    def fill(self, name, text):
        self.page.locator(f"#id_{name}").fill(text)
        self.clicks += 1

    def choose(self, name, value):
        self.page.locator(f"#id_{name}").select_option(value)
        self.clicks += 1

    def find(self, box, words):
        """Search in an autocomplete field, and take the first result."""
        self.click(box.locator(".select2-selection"))
        self.page.locator(".select2-container--open .select2-search__field").last.press_sequentially(words)
        self.click(self.page.locator(".select2-results__option[aria-selected]", has_text=words).first)

    def save(self):
        self.click(self.page.locator("input[name=_save]").last)
        expect(self.page.locator(".messagelist .success").first).to_be_visible()


def test_a_project_goes_from_an_empty_form_to_its_readers_and_back(editor, desk):
    han, seo = Hand(editor(HAN)), Hand(editor(SEO))

    # Its source, from a reference.
    page = han.page
    page.goto(f"{desk.url}/admin/portal/source/add/")
    han.click(page.locator(".from-reference summary"))
    page.locator("#reference").fill(SOURCE)
    han.click(page.get_by_role("button", name="Fill in the form"))
    han.choose("kind", "report")
    han.fill("language", "en")
    han.fill("publisher", "Muynak forestry")
    han.save()

    # The project, in three languages.
    page.goto(f"{desk.url}/admin/projects/project/add/")
    long_title = "Planting of saxaul and tamarisk along the former shore near Muynak and Uchsay"
    page.locator("#id_title_en").press_sequentially(long_title)
    page.keyboard.press("Tab")
    han.clicks += 1
    proposal = "planting-of-saxaul-and-tamarisk-along-the-former-shore-near"  # not cut within a word
    expect(page.locator("#id_key")).to_have_value(proposal)
    for name, text in {
        "title_ko": "무이나크 옛 호숫가의 삭사울 심기",
        "title_ru": "Посадка саксаула у прежнего берега",
        "summary_en": "The forestry plants saxaul near Muynak.",
        "summary_ko": "산림청이 무이나크에 삭사울을 심는다.",
        "summary_ru": "Лесхоз сажает саксаул у Муйнака.",
        "evidence_en": "The report names 40 hectares.",
    }.items():
        han.fill(name, text)
    han.choose("status", "implementation")
    han.choose("confidence", "medium")
    han.find(page.locator(".field-countries"), "Uzbekistan")
    han.click(page.locator("details:has(#citations-group .add-row) > summary, #citations-group summary").first)
    han.click(page.locator("#citations-group .add-row a"))
    han.find(page.locator("#citations-0"), "Planting report")
    han.choose("publication", "in-review")
    han.save()
    assert han.clicks <= 30, "a new project with its source"

    # Both are submitted, and reviewed together.
    page.get_by_role("link", name="Submit them too").click()
    page.get_by_role("button", name="Submit 1 draft for review").click()
    expect(page.locator(".messagelist .success").first).to_be_visible()
    page = seo.page
    page.goto(f"{desk.url}/admin/")
    seo.click(page.locator("#desk-waiting + ol a", has_text=long_title))
    record = page.url.partition("?")[0]
    seo.click(page.get_by_role("link", name="Review together", exact=True).first)
    seo.click(page.get_by_role("button", name="Publish 2 records"))
    expect(page.locator(".messagelist .success")).to_contain_text("2 records were published.")
    assert seo.clicks <= 5, "the review of a record with its drafts"
    public = f"{desk.url}/ko/projects/{proposal}/"
    page.goto(public)
    expect(page.locator("h1")).to_contain_text("무이나크")

    # The editor revises it, and the reviewer approves.
    han.clicks = seo.clicks = 0
    page = han.page
    page.goto(record)
    han.click(page.get_by_role("link", name="Revise", exact=True))
    han.fill("summary_en", "The forestry plants saxaul on 60 hectares near Muynak.")
    han.fill("why", "The newest report says 60.")
    han.click(page.locator("input[name=_submit]").last)
    page = seo.page
    page.goto(f"{desk.url}/admin/")
    seo.click(page.locator("#desk-waiting + ol a", has_text=long_title))
    expect(page.locator(".history-change ins").first).to_contain_text("60 hectares")
    seo.click(page.get_by_role("button", name="Publish the revision"))
    expect(page.locator(".messagelist .success")).to_have_text("The revision was published.")
    assert han.clicks + seo.clicks <= 8, "a correction and its approval"
    page.goto(public.replace("/ko/", "/en/"))
    expect(page.locator("main")).to_contain_text("60 hectares")

    # The reviewer corrects the key; links to the former address go on.
    page.goto(record.replace("/change/", "/key/"))
    page.locator("#id_key").fill("saxaul-at-muynak")
    page.locator("#id_why").fill("Shorter.")
    page.get_by_role("button", name="Change the key").click()
    expect(page.locator(".messagelist .success")).to_contain_text("saxaul-at-muynak")
    page.goto(public)
    assert page.url == f"{desk.url}/ko/projects/saxaul-at-muynak/"

    # The revision is reverted.
    page.goto(record.replace("/change/", "/history/"))
    page.get_by_role("link", name="Revert to this version").nth(1).click()
    page.locator("#id_why").fill("The first report was right.")
    page.get_by_role("button", name="Revert", exact=True).click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    page.goto(public.replace("/ko/", "/en/"))
    expect(page.locator("main")).not_to_contain_text("60 hectares")


def test_two_editors_add_change_and_remove_rows_at_once(editor, desk):
    """What only one of them did merges by itself; a row that both changed is asked about."""
    with desk.database(), content_transaction():
        project = make_project(key="two-editors", title_en="Two editors", publication="draft")
        project.countries.add(Place.objects.get(key="uz"))
        for name in ("Both", "Gone", "Alone"):
            make_citation(project, make_source(key=f"row-{name.lower()}", title=f"{name} report"))
    kim, lee = editor(0), editor(1)
    for page in (kim, lee):
        page.goto(f"{desk.url}/admin/projects/project/?q=two-editors")
        page.locator("#result_list tbody th a").first.click()
        expect(page.locator("#id_citations-2-position")).to_be_visible()
    row = {"Both": 0, "Gone": 1, "Alone": 2}
    kim.locator(f"#id_citations-{row['Both']}-position").fill("11")
    kim.locator(f"#id_citations-{row['Gone']}-DELETE").check()
    kim.locator("#citations-group .add-row a").click()
    hand = Hand(kim)
    hand.find(kim.locator("#citations-3"), "aral")
    hand.save()

    lee.locator(f"#id_citations-{row['Both']}-position").fill("22")
    lee.locator(f"#id_citations-{row['Alone']}-position").fill("33")
    lee.locator("#id_title_en").fill("Two editors at once")
    lee.locator("input[name=_save]").last.click()
    clash = lee.locator(".clash")
    expect(clash).to_contain_text("kim changed it on")
    expect(clash).to_contain_text("Source: Gone report")
    expect(clash.locator("fieldset")).to_have_count(1)
    expect(clash.locator("fieldset legend")).to_contain_text("Both report")
    lee.get_by_role("radio", name="Keep my version").check()
    Hand(lee).save()
    with desk.database():
        project.refresh_from_db()
        rows = dict(project.citations.values_list("source__title", "position"))
    assert project.title_en == "Two editors at once"
    assert len(rows) == 3  # one of them is the report that Kim has found
    assert "Gone report" not in rows
    assert (rows["Both report"], rows["Alone report"]) == (22, 33)
