"""The Highwire Press meta tags, from which Google Scholar, Zotero and Mendeley import the record of a page."""

from portal.citations.references import Person


def citation_tags(one):
    """Return pairs of name and content for a `Reference`, with the same data as its RIS and BibTeX."""
    kind = one.types[0]
    container = {"JOUR": "citation_journal_title", "ENCYC": "citation_inbook_title", "NEWS": "citation_publisher"}
    publisher = "citation_technical_report_institution" if kind == "RPRT" else "citation_publisher"
    found = [
        ("citation_title", one.title),
        *(("citation_author", _author(author)) for author in one.authors),
        (container.get(kind, "citation_publisher"), one.container),
        (publisher, one.publisher),
        ("citation_publication_date", one.date and one.date.replace("-", "/")),
        ("citation_doi", one.doi),
        ("citation_language", one.language),
        ("citation_public_url", one.url),
    ]
    return [(name, content) for name, content in found if content]


def _author(author):
    return f"{author.family}, {author.given}" if isinstance(author, Person) else author
