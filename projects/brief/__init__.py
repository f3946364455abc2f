"""Briefs: two to four pages on an issue or an area in a country, as a page, PDF or DOCX, from stored records alone."""
