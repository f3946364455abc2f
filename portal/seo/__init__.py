"""The metadata in the head of a page, for search engines, reference managers and messengers.

`head` collects it: the page’s canonical URL, its other languages, the share image (`portal.maps.share_image`), and the
structured data. `citation_tags` are the tags that reference managers read. `schema_org` describes the page’s subject in
schema.org terms; the schemas of the apps’ records are in `issues/schema.py` and `projects/schema.py`.
"""
