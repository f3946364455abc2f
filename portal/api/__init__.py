"""The API for programs: `/api/v1/…`. Reading only, no key, every record, the filters of the lists.

`resources` lists what there is, `answering` has the views, `description` describes them as OpenAPI, `docs` is the page
for people.
"""
