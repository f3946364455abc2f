"""What search engines, reference managers and messengers read in the head of a page.

`head` puts it together for a page: its address and its other languages, a card with a picture for whoever is sent the
link (`cards`), the tags by which reference managers take a record (`citation_tags`), and what the page is about in the
words of schema.org (`schema`; what the apps' records are stands beside their models).
"""
