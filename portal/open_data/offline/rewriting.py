"""From a page of the portal to a file that a browser opens without the portal: its parts, its links, its scripts.

Pure: the portal's own pages in, files out; no database and no requests. docs/adr has the sizes that decided what stays.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from posixpath import dirname, relpath
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from lxml import etree, html

# What a page does not need or cannot use offline: metadata for machines, files that only the portal makes, citations,
# which name the day of reading, and menus. The site index of the home page stays: the menu of every page leads there.
LEFT_OUT = (
    "//head/link[not(contains(@rel, 'stylesheet') or @rel='icon')]",
    "//head/meta[not(@charset or @name='viewport' or @name='color-scheme')]",
    "//header//nav[@id='menu']",
    "//header//*[@popovertarget]",
    "//header//a[@class='brand']/*[not(@class='brand-name')]",
    "//details[contains(@class, 'formats')]",
    "//section[contains(@class, 'cite')]/details",
    "//footer//a[contains(@href, '/report/?')]/..",
    "//footer//p[contains(@class, 'weight')]",
    "//p[contains(@class, 'results-follow') or contains(@class, 'map-under') or contains(@class, 'map-zoom')]",
    "//button[contains(@class, 'filters-button')]",
)
SITE_INDEX = "//details[@id='site-index']"
# Forms around a list: the list stays, what chooses its records goes.
AROUND_LISTS = "//form[contains(@class, 'comparing')]"
CHOOSING = ".//input | .//button | .//*[contains(@class, 'compare-bar')]"
# Countries of a map in the colour of all land. The outlines of all five are half of a page of a project.
PLAIN_LAND = ".//a[@class='map-country'][path[normalize-space(@class)='map-shape']]"
LAND = "static/land.svg"
# Classic scripts: a browser loads no modules from a file.
SCRIPTS = ("charts", "contents", "offline-search")
LINKS = {"a": "href", "link": "href", "img": "src", "image": "href", "script": "src", "area": "href", "form": "action"}
BLANK_LINES = re.compile(rb"\n\s*\n")
HEADINGS = {f"h{level}": f"h{level + 1}" for level in range(1, 6)}


def canonical(address: str) -> str:
    """Return the path and query of an address, with its parameters in alphabetical order."""
    parts = urlsplit(address)
    return parts.path + (f"?{urlencode(sorted(parse_qsl(parts.query)))}" if parts.query else "")


@dataclass(frozen=True)
class Words:
    """The sentences that a page of the edition has besides those of the portal, in its language."""

    edition: str  # which edition it is
    online: str  # the link to the same page of the portal
    needs_portal: str  # in place of a form


@dataclass
class Rewriter:
    """Rewrites pages. `files` has the file of each page by its canonical address, with a fragment in a shared file.

    `file_of` returns the path in the edition of a static file or a picture by its URL path, or None. `used` collects
    what the rewritten pages need of both, `land` the outlines of countries that LAND draws.
    """

    portal: str  # the address of the portal, PUBLIC_URL
    style: str  # the URL path of the stylesheet that all pages get besides their own
    files: Mapping[str, str]
    file_of: Callable[[str], str | None]
    used: dict[str, str] = field(default_factory=dict)
    land: dict[str, None] = field(default_factory=dict)

    def page(self, text: str, address: str, words: Words) -> tuple[bytes, str]:
        """Return the page at `address` as a file, and its title."""
        tree = self._rewritten(text, address, words)
        return _serialized(tree), _title(tree)

    def plain(self, text: str, address: str) -> bytes:
        """Return a page that was made for the edition, with its links rewritten only."""
        tree = html.document_fromstring(text)
        self._link(tree, address, self.files[address])
        return _serialized(tree)

    def shared_page(self, pages: Sequence[tuple[str, str]], words: Words) -> tuple[bytes, str]:
        """Return one file with the records of several pages, pairs of text and address, and its title.

        Each record has the fragment of its file as its id, and headings one level lower than its page.
        """
        trees = [self._rewritten(text, address, words) for text, address in pages]
        articles = []
        for tree, (_text, address) in zip(trees, pages, strict=True):
            [article] = tree.xpath("//main//article")
            for node in article.iter(etree.Element):
                node.attrib.pop("id", None)
                node.attrib.pop("aria-labelledby", None)
                node.tag = HEADINGS.get(node.tag, node.tag)
            article.set("id", self.files[canonical(address)].partition("#")[2])
            articles.append(article)
        whole = trees[0]
        [main] = whole.xpath("//main")
        for node in list(main):
            node.drop_tree()
        place = whole.xpath("//nav[contains(@class, 'breadcrumbs')]//*[@aria-current]")[0]
        title = place.getparent().getprevious().text_content().strip()
        place.getparent().drop_tree()
        whole.find(".//title").text = title
        heading = etree.SubElement(main, "h1")
        heading.text = title
        main.extend(articles)
        return _serialized(whole), title

    def _rewritten(self, text, address, words):
        tree = html.document_fromstring(text)
        here = self.files[canonical(address)].partition("#")[0]
        self._leave_out(tree, address)
        self._draw_land(tree, here)
        self._keep_scripts(tree)
        self._add_style(tree)
        self._link(tree, address, here)
        self._replace_forms(tree, address, words)
        self._add_footer(tree, address, words)
        return tree

    # ── Parts ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _leave_out(self, tree, address):
        home = f"/{address.split('/')[1]}/"
        is_home = address == home
        for path in LEFT_OUT if is_home else (*LEFT_OUT, SITE_INDEX):
            for node in tree.xpath(path):
                node.drop_tree()
        for details in tree.xpath(SITE_INDEX):
            details.set("open", "")
        for link in tree.xpath("//a[@class='to-site-index']"):
            link.set("href", "#site-index" if is_home else f"{home}#site-index")
            del link.attrib["class"]
        for form in tree.xpath(AROUND_LISTS):
            for node in form.xpath(CHOOSING):
                node.drop_tree()
            form.drop_tag()
        for node in tree.iter(etree.Element):
            for name in [name for name in node.attrib if name.startswith("data-")]:
                if name.startswith("data-hx-") or node.get(name).startswith("/"):
                    del node.attrib[name]
        for node in tree.xpath("//header//*[@popover]"):
            del node.attrib["popover"]  # there are no buttons that open it

    def _draw_land(self, tree, here):
        for drawing in tree.xpath("//svg[contains(@class, 'map-drawing')][image[@class='map-base']]"):
            plain = drawing.xpath(PLAIN_LAND)
            if not plain:
                continue
            [base] = drawing.xpath("image[@class='map-base']")
            land = html.Element("image", {name: base.get(name) for name in ("x", "y", "width", "height")})
            land.set("href", relative(LAND, here))
            plain[0].getparent().addprevious(land)
            for country in plain:
                self.land[country.find("path").get("d")] = None
                country.drop_tree()

    def _replace_forms(self, tree, address, words):
        """Replace the forms of the page, which need the portal, by one sentence that says so."""
        forms = tree.xpath("//main//form[not(@data-offline)]")
        for form in forms:
            form.drop_tree()
        if forms:
            note = _sentence(f"{words.needs_portal} ", words.online, self.portal + address)
            note.set("class", "text-muted")
            tree.xpath("//main")[0].append(note)

    def _keep_scripts(self, tree):
        for script in tree.xpath("//script"):
            source = script.get("src", "")
            name = source.rpartition("/")[2].partition(".")[0]
            if not source or not ("data-offline" in script.attrib or name in SCRIPTS):
                script.drop_tree()
            else:
                script.attrib.pop("type", None)
                script.set("defer", "")

    def _add_style(self, tree):
        tree.find("head").append(html.Element("link", {"rel": "stylesheet", "href": self.style}))

    def _add_footer(self, tree, address, words):
        for wide in tree.xpath("//footer/div"):
            wide.append(_sentence(f"{words.edition} · ", words.online, self.portal + address))

    # ── Links ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _link(self, tree, address, here):
        for picture in tree.xpath("//img[@srcset]"):
            picture.set("src", picture.get("srcset").split()[0])  # the narrowest file
            del picture.attrib["srcset"]
        for node in tree.iter(*LINKS):
            name = LINKS[node.tag]
            if (value := node.get(name)) and not (node.tag == "image" and value.endswith(LAND)):
                node.set(name, self.link(value, address, here))

    def link(self, url: str, address: str, here: str) -> str:
        """Return where a link of the page at `address` leads from its file `here`.

        What the edition does not have is a link to the portal. A link to another site stays.
        """
        parts = urlsplit(urljoin(self.portal + address, url))
        if url.startswith("#") or f"{parts.scheme}://{parts.netloc}" != self.portal:
            return url
        fragment = f"#{parts.fragment}" if parts.fragment else ""
        if there := self.files.get(canonical(parts.geturl())):
            file, _hash, anchor = there.partition("#")
            fragment = f"#{anchor}" if anchor else fragment
            return fragment if file == here and fragment else relative(file, here) + fragment
        if file := self.file_of(parts.path):
            self.used[parts.path] = file
            return relative(file, here) + fragment
        return parts.geturl()


def relative(target: str, here: str) -> str:
    """Return the link from the file `here` to the file `target`, both by their paths in the edition."""
    return relpath(target, dirname(here) or ".")


def land_svg(outlines: Sequence[str]) -> str:
    """Return the file LAND, which draws the outlines of countries in the coordinates of static/geo/base.svg."""
    shapes = "".join(f'<path d="{outline}"/>' for outline in outlines)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 740" width="1000" height="740">'
        "<style>path{fill:#fdfcf9;stroke:#8a8778;stroke-linejoin:round;vector-effect:non-scaling-stroke}"
        "@media (prefers-color-scheme:dark){path{fill:#243136;stroke:#6b7c81}}</style>"
        f"{shapes}</svg>"
    )


def _sentence(text, link_text, url):
    paragraph = html.Element("p")
    paragraph.text = text
    link = etree.SubElement(paragraph, "a", {"href": url})
    link.text = link_text
    return paragraph


def _title(tree):
    return tree.findtext(".//title").partition(" · ")[0].strip()


def _serialized(tree):
    text = html.tostring(tree, doctype="<!doctype html>", encoding="utf-8", method="html")
    return BLANK_LINES.sub(b"\n", text)
