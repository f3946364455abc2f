"""Code that reads each list of the API, ready to copy: for the shell, Python, R and JavaScript."""

from django.http import QueryDict

# Example queries of some resources; the others have `limit=3`.
QUESTIONS = {
    "projects": {"country": "uz", "issue": "aral-sea-depletion", "sort": "-start", "limit": "5"},
    "observations": {"indicator": "aral-sea-area", "year_from": "2000"},
    "agreements": {"country": "kz", "kind": "mou", "lang": "ko"},
    "issues": {"fields": "name,summary", "lang": "en"},
    "sources": {"q": "aral", "language": "ru"},
}

# By the name of the language that readers see: the code for syntax highlighting, and the text. The shell reads one
# page. The others read all pages and print how many records they have. R needs the package jsonlite.
LANGUAGES = {
    "curl": ("shell", 'curl -s "{url}"\n'),
    "Python": (
        "python",
        """import json
from urllib.request import urlopen

url = "{url}"
records = []
while url:
    with urlopen(url) as response:
        page = json.load(response)
    records += page["items"]
    url = page["next"]
print(len(records), "of", page["count"])
""",
    ),
    "R": (
        "r",
        """library(jsonlite)

url <- "{url}"
records <- list()
while (!is.null(url)) {{
  page <- fromJSON(url, simplifyVector = FALSE)
  records <- c(records, page$items)
  url <- page[["next"]]
}}
cat(length(records), "of", page$count, "\\n")
""",
    ),
    "JavaScript": (
        "javascript",
        """let url = "{url}";
const records = [];
let page;
while (url) {{
  page = await (await fetch(url)).json();
  records.push(...page.items);
  url = page.next;
}}
console.log(records.length, "of", page.count);
""",
    ),
}


def question(path):
    """Return the path and the example query of a list, as a link."""
    return _address(path, QUESTIONS.get(path, {"limit": "3"}))


def samples(base, path):
    """Return triples of a language, its code for syntax highlighting, and a text that reads all pages of a list.

    `base` is the address of the portal. The query is the example query with pages of 100 records.
    """
    url = base + _address(path, QUESTIONS.get(path, {}) | {"limit": "100"})
    return [(name, code, text.format(url=url)) for name, (code, text) in LANGUAGES.items()]


def _address(path, query):
    asked = QueryDict(mutable=True)
    asked.update(query)
    return f"/api/v1/{path}?{asked.urlencode()}"
