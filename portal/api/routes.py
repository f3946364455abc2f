"""The addresses of the API."""

from ninja import NinjaAPI, Path
from ninja.errors import ValidationError
from ninja.openapi.schema import OpenAPISchema

from portal.api import answering, description
from portal.api.resources import RESOURCES
from portal.http import problems

KEY = r"^[-a-zA-Z0-9_]+$"


class PortalAPI(NinjaAPI):
    """The framework’s, with the schemas that our own fields state."""

    def get_openapi_schema(self, **kwargs) -> OpenAPISchema:
        schema = super().get_openapi_schema(**kwargs)
        schema["info"] = description.INFO
        schema["servers"] = [{"url": "/"}]  # the host that the description was asked of
        schema["security"] = []  # no key is needed
        schema["components"] = {"schemas": description.components(RESOURCES)}
        return schema


api = PortalAPI(
    title=description.INFO["title"],
    version=description.INFO["version"],
    docs_url=None,  # `docs` has a page of ours: a hundredth of the weight, in three languages, without a script
    openapi_url=None,  # so has its description, with an ETag
    urls_namespace="api",
)


@api.exception_handler(problems.Problem)
def told(request, problem):
    """A problem, as a response."""
    return problems.response(problem.status, problem.detail, **problem.more)


@api.exception_handler(ValidationError)
def no_such_key(request, error):
    """What cannot be a key, none has."""
    return problems.response(404, "There is no published record with this key here.")


def add(resource):
    """The addresses of a resource: its list, and each of its records."""

    def listing(request):
        return answering.listing(request, resource)

    def record(request, key: str = Path(..., pattern=KEY, max_length=60, description="The key of the record.")):
        return answering.record(request, resource, key)

    routes = [(f"/v1/{resource.path}", listing, f"list_{resource.path}", resource.words, description.of_list)]
    if resource.has_keys:
        words = f"One of: {resource.words[0].lower()}{resource.words[1:]}"
        routes.append((f"/v1/{resource.path}/{{key}}", record, f"get_{resource.path}", words, description.of_record))
    for path, view, name, summary, described in routes:
        more = {"tags": [resource.path], "summary": summary, "operation_id": name, "openapi_extra": described(resource)}
        api.get(path, **more)(view)
        api.api_operation(["HEAD"], path, include_in_schema=False)(view)


for _resource in RESOURCES:
    add(_resource)
