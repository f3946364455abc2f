"""The read-only API for programs at `/api/v1/…`: all published records and the filters of the site’s lists, no key.

`resources` lists the resources, `answering` has the views, `description` describes them as OpenAPI, and `docs` has the
documentation page.
"""
