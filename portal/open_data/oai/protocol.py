"""The six verbs of OAI-PMH, their arguments and errors (openarchives.org/OAI/openarchivesprotocol.html)."""

import datetime
import re
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from lxml import etree

from portal.formats.atom import clean
from portal.formats.fields import moment
from portal.formats.serialisers import SERIALISERS
from portal.http import throttling
from portal.http.parameters import checks_parameters_itself
from portal.open_data.oai import dublin_core, listing

NAMESPACE = "http://www.openarchives.org/OAI/2.0/"
SCHEMA = "http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd"
PAGE = 100
SALT = "portal.oai"
FAR = datetime.datetime(9999, 12, 31, tzinfo=datetime.UTC)
DAY, SECOND = re.compile(r"\d{4}-\d\d-\d\d"), re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
LISTING = {"metadataPrefix": True, "from": False, "until": False, "set": False}
# From a verb to its arguments; True means that the argument is required.
VERBS = {
    "Identify": {},
    "ListMetadataFormats": {"identifier": False},
    "ListSets": {},
    "ListIdentifiers": LISTING,
    "ListRecords": LISTING,
    "GetRecord": {"identifier": True, "metadataPrefix": True},
}
# The syntax of the values of arguments.
NAME, SIGNS = re.compile(r"[\w.!~*'()-]+", re.ASCII), re.compile(r"[\x21-\x7e]+")
ARGUMENT_PATTERNS = {
    "metadataPrefix": NAME,
    "set": re.compile(rf"{NAME.pattern}(:{NAME.pattern})*", re.ASCII),
    "identifier": re.compile(r"([\w.~:/?#@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+", re.ASCII),
}
LIST_VERBS = {"ListSets", "ListIdentifiers", "ListRecords"}


class OAIError(Exception):
    """An error in a request, with its OAI-PMH error code."""

    def __init__(self, code, words):
        super().__init__(words)
        self.code = code


@checks_parameters_itself
@csrf_exempt  # it only reads, and OAI-PMH allows requests by POST
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request):
    """`/oai`: the response to a request. Its status is 200 even for the protocol’s errors."""
    throttling.throttle(request, "api")
    with override("en"):
        root = OAIResponse(request).element()
    said = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    response = HttpResponse(said, content_type="text/xml; charset=utf-8")
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Cache-Control"] = "no-cache"
    return response


class OAIResponse:
    """Builds the XML response to one request."""

    def __init__(self, request):
        self.asked = request.POST if request.method == "POST" else request.GET
        self.base = settings.PUBLIC_URL
        self.address = self.base + reverse("oai")
        self.host = urlsplit(settings.ID_BASE_URL).hostname

    def element(self):
        """Return the root element of the response."""
        root = _element(None, "OAI-PMH", nsmap={None: NAMESPACE, "xsi": dublin_core.XSI})
        root.set(f"{{{dublin_core.XSI}}}schemaLocation", f"{NAMESPACE} {SCHEMA}")
        _element(root, "responseDate", moment(timezone.now()))
        asked = _element(root, "request", self.address)
        try:
            verb, arguments = self.arguments()
            for name, value in {"verb": verb, **arguments}.items():
                asked.set(name, value)
            said = _element(None, verb)
            getattr(self, f"_{verb}")(said, arguments)
        except OAIError as error:
            if error.code in {"badVerb", "badArgument"}:
                asked.attrib.clear()  # the protocol forbids attributes of an invalid request
            _element(root, "error", str(error), code=error.code)
        else:
            root.append(said)
        return root

    # ── Arguments ────────────────────────────────────────────────────────────────────────────────────────────────

    def arguments(self):
        """Return the verb and a dict of its arguments.

        Raise OAIError if the verb is unknown, or if an argument is unknown, repeated, malformed or missing.
        """
        verbs = self.asked.getlist("verb")
        if len(verbs) != 1 or verbs[0] not in VERBS:
            raise OAIError("badVerb", f"One verb is asked for, of: {', '.join(VERBS)}.")
        [verb] = verbs
        known = VERBS[verb] | ({"resumptionToken": False} if verb in LIST_VERBS else {})
        found = {}
        for name, values in self.asked.lists():
            if name != "verb":
                if name not in known:
                    raise OAIError("badArgument", f"{verb} has no argument “{clean(name)[:60]}”.")
                if len(values) > 1:
                    raise OAIError("badArgument", f"“{name}” may stand once.")
                if not ARGUMENT_PATTERNS.get(name, SIGNS).fullmatch(values[0]):
                    raise OAIError("badArgument", f"“{name}” cannot be that.")
                found[name] = values[0]
        if "resumptionToken" in found:
            if len(found) > 1:
                raise OAIError("badArgument", "Beside a resumptionToken nothing else may stand.")
        elif missing := [name for name, needed in known.items() if needed and name not in found]:
            raise OAIError("badArgument", f"{verb} needs: {', '.join(missing)}.")
        return verb, found

    def record(self, identifier):
        """Return the header of the record with this identifier. Raise OAIError if there is none."""
        named = re.fullmatch(rf"oai:{re.escape(self.host)}:([a-z]+)/([-a-zA-Z0-9_]+)", identifier)
        header = listing.header_of(*named.groups()) if named and named[1] in listing.KINDS else None
        if header is None:
            raise OAIError("idDoesNotExist", "No record here has this identifier.")
        return header

    # ── The verbs ────────────────────────────────────────────────────────────────────────────────────────────────

    def _Identify(self, said, arguments):
        for name, text in (
            ("repositoryName", str(settings.PORTAL_NAME)),
            ("baseURL", self.address),
            ("protocolVersion", "2.0"),
            ("adminEmail", settings.CONTACT_EMAIL),
            ("earliestDatestamp", moment(listing.earliest())),
            ("deletedRecord", "persistent"),
            ("granularity", "YYYY-MM-DDThh:mm:ssZ"),
        ):
            _element(said, name, text)

    def _ListMetadataFormats(self, said, arguments):
        if "identifier" in arguments:
            self.record(arguments["identifier"])
        form = _element(said, "metadataFormat")
        _element(form, "metadataPrefix", dublin_core.PREFIX)
        _element(form, "schema", dublin_core.SCHEMA)
        _element(form, "metadataNamespace", dublin_core.NAMESPACE)

    def _ListSets(self, said, arguments):
        if "resumptionToken" in arguments:
            raise OAIError("badResumptionToken", "The list of sets is given whole.")
        for spec, kind in listing.SETS.items():
            one = _element(said, "set")
            _element(one, "setSpec", spec)
            _element(one, "setName", str(SERIALISERS[kind].model._meta.verbose_name_plural).capitalize())

    def _ListIdentifiers(self, said, arguments):
        for header in self.listed(arguments, "ListIdentifiers"):
            said.append(self.header(header))
        self.go_on(said)

    def _ListRecords(self, said, arguments):
        headers = self.listed(arguments, "ListRecords")
        self.records(said, headers)
        self.go_on(said)

    def _GetRecord(self, said, arguments):
        header = self.record(arguments["identifier"])
        _check_prefix(arguments["metadataPrefix"])
        self.records(said, [header])

    # ── Records ──────────────────────────────────────────────────────────────────────────────────────────────────

    def header(self, header):
        found = _element(None, "header", **({"status": "deleted"} if header.deleted else {}))
        _element(found, "identifier", header.identifier(self.host))
        _element(found, "datestamp", header.datestamp)
        _element(found, "setSpec", header.set)
        return found

    def records(self, said, headers):
        """Append records with their metadata. The metadata of a record that changes meanwhile is the newer one."""
        wanted = {}
        for header in headers:
            if not header.deleted:
                wanted.setdefault(header.kind, []).append(header.key)
        elements = {kind: dublin_core.elements_by_key(kind, keys, self.base) for kind, keys in wanted.items()}
        for header in headers:
            record = _element(said, "record")
            record.append(self.header(header))
            if not header.deleted:
                _element(record, "metadata").append(elements[header.kind][header.key])

    # ── Lists ────────────────────────────────────────────────────────────────────────────────────────────────────

    def listed(self, arguments, verb):
        """Return the next headers of a list, at most `PAGE`, from its start or the position in its resumption token.

        Set `cursor`, `size` and `token` for the resumption token of this response. Raise OAIError if there are none.
        """
        if "resumptionToken" in arguments:
            asked, after, self.cursor, self.size = _read_token(arguments["resumptionToken"], verb)
        else:
            asked, after, self.cursor, self.size = arguments, None, 0, None
        _check_prefix(asked["metadataPrefix"])
        kinds = listing.KINDS
        if "set" in asked:
            if asked["set"] not in listing.SETS:
                raise OAIError("noRecordsMatch", "There is no such set.")
            kinds = (listing.SETS[asked["set"]],)
        since, before = _span(asked)
        if self.size is None:
            self.size = listing.size(kinds, since=since, before=before)
        headers = listing.listed(kinds, PAGE + 1, after=after, since=since, before=before)
        if not headers:
            raise OAIError("noRecordsMatch", "Nothing has changed in this time, or in this set.")
        headers, more = headers[:PAGE], headers[PAGE:]
        self.token = _token(verb, asked, headers[-1].position, self.cursor + PAGE, self.size) if more else ""
        return headers

    def go_on(self, said):
        """Append the resumption token if the list has several parts. The last part has an empty token."""
        if self.token or self.cursor:
            _element(said, "resumptionToken", self.token, completeListSize=str(self.size), cursor=str(self.cursor))


def _element(parent, name, text="", nsmap=None, **attributes):
    name = f"{{{NAMESPACE}}}{name}"
    nsmap = nsmap or {None: NAMESPACE}
    found = etree.Element(name, nsmap=nsmap) if parent is None else etree.SubElement(parent, name)
    found.text = clean(text) or None
    for key, value in attributes.items():
        found.set(key, value)
    return found


def _check_prefix(prefix):
    if prefix != dublin_core.PREFIX:
        raise OAIError("cannotDisseminateFormat", f"Records are to be had as {dublin_core.PREFIX}.")


def _span(asked):
    """Return the start (inclusive) and the end (exclusive) of the requested time; None where it is open."""
    since, until = asked.get("from"), asked.get("until")
    if since and until and len(since) != len(until):
        raise OAIError("badArgument", "“from” and “until” are of the same granularity: two days, or two seconds.")
    since, until = since and _time(since, "from"), until and _time(until, "until")
    if since and until and since[0] > until[0]:
        raise OAIError("badArgument", "“from” lies after “until”.")
    return since and since[0], until and _after(*until)


def _after(begins, lasts):
    """Return the end of a day or second; None if it is the last day that datetime can represent."""
    return begins + lasts if begins < FAR else None


def _time(text, name):
    """Return the start of a day or a second, and its duration."""
    for pattern, form, width in (
        (DAY, "%Y-%m-%d", datetime.timedelta(days=1)),
        (SECOND, "%Y-%m-%dT%H:%M:%SZ", datetime.timedelta(seconds=1)),
    ):
        if pattern.fullmatch(text):
            try:
                return datetime.datetime.strptime(text, form).replace(tzinfo=datetime.UTC), width
            except ValueError:
                break
    raise OAIError("badArgument", f"“{name}” is a day or a second in UTC: 2026-03-09, or 2026-03-09T12:00:00Z.")


def _token(verb, asked, position, cursor, size):
    """Return a signed resumption token, which holds the whole state of a harvest: the server stores none."""
    stands = [position.changed.isoformat(), position.source, position.pk]
    return signing.dumps([verb, asked, stands, cursor, size], salt=SALT, compress=True)


def _read_token(token, verb):
    try:
        of, asked, (changed, source, pk), cursor, size = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        of = None
    if of != verb:
        raise OAIError("badResumptionToken", "The portal gave no such token for this verb. Begin the list anew.")
    return asked, listing.Position(datetime.datetime.fromisoformat(changed), source, pk), cursor, size
