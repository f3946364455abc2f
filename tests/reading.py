"""Read a response as a reader sees it, so that a test needs one line."""

import re

from lxml import html

# Elements whose text is separate from the text that follows.
SET_APART = ("br", "li", "p", "div", "dt", "dd", "td", "th", "h2", "h3", "legend", "summary")


def page(response):
    """Return the response as a tree of elements."""
    return html.fromstring(response.content.decode())


def words(element):
    """Return the text of an element, with single spaces between words."""
    for part in element.iter(*SET_APART):
        part.tail = f" {part.tail or ''}"
    return " ".join(element.text_content().split())


def said(response, name):
    """Return the text of each element of class `name`, in the page's order."""
    return [words(element) for element in page(response).find_class(name)]


def addresses(response, path):
    """Return the URLs of the links below an XPath."""
    return page(response).xpath(f"{path}//a/@href")


# ── Lists ────────────────────────────────────────────────────────────────────────────────────────────────────


def shown(response):
    """Return the keys of the records that a list shows, in its order."""
    path = response.request["PATH_INFO"]
    [results] = page(response).find_class("results")
    found = [
        match[1] for address in results.xpath(".//a/@href") if (match := re.fullmatch(f"{path}([^/?#]+)/", address))
    ]
    terms = [div.get("id") for glossary in results.find_class("glossary") for div in glossary]
    return list(dict.fromkeys(found or terms))


def count(response):
    """Return the sentence that says how many records were found."""
    [sentence] = said(response, "results-count")
    return sentence


def problems(response):
    """Return what the page says about values that it ignored."""
    return [words(item) for item in page(response).xpath("//*[@role='alert']//li")]


def chips(response):
    """Return the active filters in the page's order: pairs of a value in words and the URL that removes it."""
    return [(words(chip[0]), chip.get("href")) for chip in page(response).find_class("chip")]


def options(response, name):
    """Return the values that can be chosen in a facet, in its order, each with its count."""
    return _counted(page(response).xpath(f"//label[input[@type='checkbox'][@name='{name}'][not(@disabled)]]"))


def disabled_options(response, name):
    """Return the values of a facet that are shown but cannot be chosen, in its order, each with its count."""
    return _counted(page(response).xpath(f"//label[input[@type='checkbox'][@name='{name}'][@disabled]]"))


def _counted(labels):
    return {
        label.find("input").get("value"): int(re.sub(r"\D", "", words(label.find_class("option-count")[0])))
        for label in labels
    }


def chosen(response, name):
    """Return the values of a facet that are ticked."""
    return page(response).xpath(f"//input[@type='checkbox'][@name='{name}'][@checked]/@value")


def table_rows(response):
    """Return each row of a table as a dict from heading to text."""
    tree = page(response)
    return [
        {cell.get("data-label"): words(cell) for cell in row.xpath("td")}
        for row in tree.xpath("//table[contains(@class, 'records')]/tbody/tr")
    ]
