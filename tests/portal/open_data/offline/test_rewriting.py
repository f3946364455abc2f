"""A page of the portal becomes a file that opens without it."""

from lxml import html

from portal.open_data.offline.rewriting import LAND, Rewriter, Words, canonical, land_svg, relative

PORTAL = "https://portal.example"
FILES = {
    "/en/": "en/index.html",
    "/en/projects/": "en/projects.html",
    "/en/projects/?page=2&per_page=100": "en/projects.page-2.html",
    "/en/projects/trees/": "en/projects/trees.html",
    "/ko/projects/trees/": "ko/projects/trees.html",
    "/en/sources/report/": "en/sources.records-1.html#report",
    "/en/sources/study/": "en/sources.records-1.html#study",
}
WORDS = Words("Offline edition of 1 July 2026", "This page online", "The forms of this page work online only.")


def rewriter():
    return Rewriter(
        PORTAL, "/static/css/offline.css", FILES, lambda path: path[1:] if path.startswith("/static/") else None
    )


def link(url, address="/en/projects/trees/", here="en/projects/trees.html"):
    return rewriter().link(url, address, here)


def page(body, address="/en/projects/trees/", head=""):
    head = f"<head><meta charset=utf-8><title>Trees · Portal</title>{head}</head>"
    content, title = rewriter().page(f"<!doctype html><html>{head}<body>{body}</body></html>", address, WORDS)
    return html.document_fromstring(content.decode()), title


def test_links_lead_to_files_of_the_edition():
    assert link("/en/") == "../index.html"
    assert link("/en/projects/") == "../projects.html"
    assert link("/ko/projects/trees/") == "../../ko/projects/trees.html"
    assert link("/en/projects/?per_page=100&page=2#list") == "../projects.page-2.html#list"
    assert link("?page=2&per_page=100", "/en/projects/", "en/projects.html") == "projects.page-2.html"
    assert link(f"{PORTAL}/en/projects/trees/#costs") == "#costs"
    assert link("/en/projects/trees/") == "trees.html"
    assert link("/static/css/site.css") == "../../static/css/site.css"


def test_link_to_a_record_in_a_shared_file_has_its_key_as_fragment():
    assert link("/en/sources/study/#licence") == "../sources.records-1.html#study"
    assert link("/en/sources/study/", "/en/sources/report/", "en/sources.records-1.html") == "#study"


def test_links_to_what_the_edition_lacks_lead_to_the_portal():
    assert link("/en/plan/") == f"{PORTAL}/en/plan/"
    assert link("/en/projects/?country=uz") == f"{PORTAL}/en/projects/?country=uz"
    assert link("changes/") == f"{PORTAL}/en/projects/trees/changes/"
    assert link("trees.csv", "/en/projects/") == f"{PORTAL}/en/projects/trees.csv"


def test_other_links_stay():
    for url in ("#costs", "https://other.example/en/projects/", "mailto:a@b.example", "//other.example/x"):
        assert link(url) == url


def test_canonical_addresses_do_not_depend_on_the_order_of_parameters():
    assert canonical("/en/projects/?per_page=100&page=2#list") == "/en/projects/?page=2&per_page=100"
    assert relative("static/a.css", "en/projects/trees.html") == "../../static/a.css"
    assert relative("en/index.html", "index.html") == "en/index.html"


def test_forms_become_a_sentence_and_a_list_around_which_one_stands_remains():
    body = (
        "<main><h1>Trees</h1><form id=filters><input name=q></form><form method=post></form>"
        '<form class="comparing"><table><tr><td><input type=checkbox>Trees</table><p class="compare-bar"></form></main>'
    )
    tree, _title = page(body)
    assert tree.xpath("//form | //input") == []
    assert tree.xpath("string(//main/table)").strip() == "Trees"
    [note] = tree.xpath("//main/p")
    assert note.text_content() == "The forms of this page work online only. This page online"
    assert note.xpath("a/@href") == [f"{PORTAL}/en/projects/trees/"]


def test_own_search_form_stays():
    tree, _title = page('<main><form data-offline action="/en/projects/"><input name=q></form></main>')
    assert tree.xpath("//main/form/@action") == ["../projects.html"]
    assert tree.xpath("//main/p") == []


def test_only_scripts_that_run_from_a_file_stay_and_as_classic_ones():
    body = (
        '<main></main><script src="/static/js/suggest.1a2b.js" type="module"></script><script>x</script>'
        '<script type="module" src="/static/js/charts.0f.js"></script>'
        '<script src="/offline/x.js" data-offline></script>'
    )
    tree, _title = page(body)
    assert tree.xpath("//script/@src") == ["../../static/js/charts.0f.js", f"{PORTAL}/offline/x.js"]
    assert tree.xpath("//script[@type]") == []
    assert all("defer" in script.attrib for script in tree.xpath("//script"))


def test_metadata_for_machines_and_downloads_are_left_out():
    head = (
        '<meta property="og:title" content="x"><meta name="citation_title" content="x"><link rel="canonical" href="/">'
        '<script type="application/ld+json">{}</script><link rel="stylesheet" href="/static/css/site.css">'
    )
    body = (
        '<main><details class="formats"><a href="x.csv">CSV</a></details><p data-hx-get="/x" data-map="/y" data-a="b">'
        '<section class="cite"><details>Cite</details><p><a href="/en/report/?address=x">Report</a></p></section>'
        '</main><footer><div class="wide"><details id="site-index"><a href="/en/">Home</a></details></div></footer>'
    )
    tree, title = page(body, head=head)
    assert title == "Trees"
    assert tree.xpath("//meta[@property or @name] | //link[@rel='canonical'] | //script | //details") == []
    assert tree.xpath("//link/@href") == ["../../static/css/site.css", "../../static/css/offline.css"]
    assert dict(tree.xpath("//main/p")[0].attrib) == {"data-a": "b"}
    assert tree.xpath("//main//a/@href") == [f"{PORTAL}/en/report/?address=x"]
    assert tree.xpath("string(//footer)").strip() == "Offline edition of 1 July 2026 · This page online"


def test_site_index_stays_open_on_the_home_page_to_which_the_menu_leads():
    body = (
        '<header><a class="to-site-index" href="#site-index">Menu</a><nav id="menu">x</nav>'
        '<form id="search-panel" popover action="/en/search/"></form></header>'
        '<main></main><footer><div><details id="site-index"></details></div></footer>'
    )
    home, _title = page(body, "/en/")
    assert home.xpath("//details[@open]/@id") == ["site-index"]
    assert home.xpath("//header/a/@href") == ["#site-index"]
    other, _title = page(body)
    assert other.xpath("//details | //nav | //*[@popover]") == []
    assert other.xpath("//header/a/@href") == ["../index.html#site-index"]


def test_plain_countries_of_maps_share_one_drawing():
    body = (
        '<main><svg class="map-drawing"><g transform="scale(2)"><a class="map-country" href="/en/"><path '
        'class="map-shape " d="M1 1"/></a><a class="map-country" href="/en/"><path class="map-shape map-shaded" '
        'd="M2 2"/></a></g><image class="map-base" href="/static/geo/base.svg" x="1" y="2" width="3" height="4"/></svg>'
    )
    work = rewriter()
    content, _title = work.page(f"<html><head><title>x</title></head><body>{body}</body></html>", "/en/", WORDS)
    tree = html.document_fromstring(content.decode())
    assert tree.xpath("//path/@d") == ["M2 2"]
    assert tree.xpath("//image/@href") == [f"../{LAND}", "../static/geo/base.svg"]
    assert [tree.xpath(f"//image/@{name}") for name in ("x", "width")] == [["1", "1"], ["3", "3"]]
    assert '<path d="M1 1"/></svg>' in land_svg(list(work.land))


def test_pictures_have_their_narrowest_file():
    tree, _title = page('<main><img src="/static/b.webp" srcset="/static/a.webp 390w, /static/b.webp 780w"></main>')
    assert (tree.xpath("//img/@src"), tree.xpath("//img/@srcset")) == (["../../static/a.webp"], [])


def test_records_in_one_file_keep_their_links_and_have_their_keys_as_ids():
    def source(key):
        return (
            "<html><head><title>Source · Portal</title></head><body><nav class='breadcrumbs'><ol><li><a "
            "href='/en/projects/'>Sources</a></li><li><span aria-current='page'>x</span></li></ol></nav><main>"
            f"<article><h1>{key}</h1><h2 id='cited-by'>Cited by</h2><a href='/en/projects/trees/'>Trees</a></article>"
            "</main></body></html>"
        )

    pages = [(source(key), f"/en/sources/{key}/") for key in ("report", "study")]
    content, title = rewriter().shared_page(pages, WORDS)
    tree = html.document_fromstring(content.decode())
    assert title == tree.findtext(".//title") == tree.findtext(".//h1") == "Sources"
    assert [(one.get("id"), one.findtext("h2"), one.findtext("h3")) for one in tree.xpath("//article")] == [
        ("report", "report", "Cited by"),
        ("study", "study", "Cited by"),
    ]
    assert tree.xpath("//article/a/@href") == ["projects/trees.html"] * 2
    assert tree.xpath("//*[@id='cited-by']") == []
