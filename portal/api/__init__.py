"""The API for programs: `/api/v1/…`. Reading only, no key, every record, the filters of the lists.

`resources` says what there is, `answering` reads a request and answers it, `description` describes it as OpenAPI,
`problems` says what went wrong, `docs` is the page for people. `api` is what is served.
"""

from portal.api.routes import api

__all__ = ["api"]
