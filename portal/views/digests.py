"""Changes by e-mail without an account: the form, the confirmation and the end of a subscription.

A link in a mail opens a page with a button: programs that check links in mails follow them, but send no forms. Only the
one-click request of RFC 8058 ends a subscription at once. The pages set no cookie. Their keys are signed.
"""

import smtplib

from django import forms
from django.conf import settings
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from django.views.generic import FormView

from portal.core.days import start_of_day
from portal.core.urls import with_query
from portal.http.parameters import takes
from portal.http.throttling import Throttled, throttle
from portal.models import DigestSubscription
from portal.models.subscription import DAYS_UNCONFIRMED
from portal.seo.head import PageMetadataMixin
from portal.views.digest_mail import CONFIRM, STOP, find_subscription, followed_by, is_signed, key_of, send_confirmation
from portal.views.list_query import ListQuery
from portal.views.reader_form import ReaderForm, ReaderFormMixin

MOST_A_DAY = 300  # mails to confirm, to all addresses together
MOST_UNCONFIRMED = 3  # of one address: nobody can flood the mailbox of somebody else


class DigestForm(ReaderForm):
    """Where to and how often."""

    email = forms.EmailField(
        label=_("Your e-mail address"),
        max_length=DigestSubscription._meta.get_field("email").max_length,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "required": _("Write your e-mail address."),
            "invalid": _("This is not an e-mail address."),
        },
    )
    frequency = forms.ChoiceField(
        label=_("How often"),
        choices=DigestSubscription.Frequency,
        initial=DigestSubscription.Frequency.WEEKLY,
        help_text=_("Only if something has changed."),
    )


@method_decorator([csrf_exempt, never_cache], name="dispatch")
class DigestPage(ReaderFormMixin, PageMetadataMixin, FormView):
    """The form by which a reader asks for the changes of a list by e-mail. The list and its filters are in the URL."""

    template_name = "portal/digest.html"
    form_class = DigestForm
    title = _("Changes by e-mail")

    @classmethod
    def known_parameters(cls, as_file):
        return ListQuery.all_names()

    def setup(self, request, *args, **kwargs):
        super().setup(request, *args, **kwargs)
        self.followed = ListQuery.from_request(request.GET)

    def get(self, request, *args, **kwargs):
        if own_url := ListQuery.own_url(request):
            return HttpResponseRedirect(own_url)
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        return context | {
            "title": self.title,
            "trail": [(self.title, None)],
            "followed": self.followed,
            "problems": self.followed.problems,
            "is_sent": settings.HAS_MAIL_SERVER,
            "token": context["form"].token_to_show(),
            "action": with_query(self.request.path, self.followed.parameters),
            "changes_url": with_query(reverse("what-changed"), self.followed.parameters),
            "feed_url": with_query(reverse("what-changed-feed"), self.followed.parameters),
            "days": DAYS_UNCONFIRMED,
        }

    def post(self, request, *args, **kwargs):
        if not settings.HAS_MAIL_SERVER:
            return self.render_to_response(self.get_context_data(), status=503)
        try:
            throttle(request, "reports")
        except Throttled as error:
            told = ngettext(
                "Too many forms came from your network. Please send yours again in {count} second.",
                "Too many forms came from your network. Please send yours again in {count} seconds.",
                error.seconds,
            ).format(count=error.seconds)
            return self.refused(told, status=429, headers={"Retry-After": str(error.seconds)})
        if len(self.followed.query) > DigestSubscription.LONGEST_QUERY:
            return self.refused(gettext("The filter is too long. Please remove some of its values."), status=400)
        if self.followed.problems:
            return self.refused(gettext("The filter has a value that does not exist. Check it and send again."), 400)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form):
        """Store the subscription and ask by mail. The answer is the same whether the address is known."""
        rows, email = DigestSubscription.objects.all(), form.cleaned_data["email"]
        if not rows.filter(nonce=form.nonce).exists():
            today = start_of_day()
            if rows.filter(asked_at__gte=today).count() >= MOST_A_DAY:
                return self.refused(gettext("Very many forms came today. Please send yours tomorrow."), status=503)
            if rows.unconfirmed().filter(email__iexact=email).count() < MOST_UNCONFIRMED:
                values = {"email": email, "frequency": form.cleaned_data["frequency"], "language": get_language()}
                values |= {"list_name": self.followed.name, "query": self.followed.query}
                subscription, is_new = rows.get_or_create(nonce=form.nonce, defaults=values)
                try:
                    if is_new:
                        send_confirmation(subscription, self.followed)
                except (OSError, smtplib.SMTPException):
                    subscription.delete()
                    return self.refused(gettext("The mail could not be sent. Please try again later."), status=503)
        response = HttpResponseRedirect(reverse("digest-sent"))
        response.status_code = 303  # the browser fetches the next page by GET
        return response


@never_cache
@takes(page=True)
def digest_sent(request):
    """Return the page that tells the reader to look into the mailbox. It is the same for all addresses."""
    title = gettext("Please look into your mailbox")
    context = {"title": title, "trail": [(title, None)], "days": DAYS_UNCONFIRMED, "most": MOST_UNCONFIRMED}
    return render(request, "portal/digest_sent.html", context)


def page_of_link(request, purpose, title, **context):
    """Return the page of a link in a mail."""
    context |= {"title": title, "trail": [(DigestPage.title, reverse("digest")), (title, None)], "purpose": purpose}
    return render(request, "portal/digest_link.html", context)


@never_cache
@csrf_exempt  # the signed key in the URL is the token
@takes("key", page=True)
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_digest(request):
    """Confirm a subscription, by POST; the page by GET has the button. Raise Http404 for a key that is not signed."""
    key = request.GET.get("key", "")
    if not is_signed(key, CONFIRM):
        raise Http404
    subscription = find_subscription(key)
    if subscription is None or not (
        subscription.is_confirmed or DigestSubscription.objects.unconfirmed().filter(pk=subscription.pk).exists()
    ):
        return page_of_link(request, CONFIRM, gettext("This link has expired"), is_expired=True)
    is_done = request.method == "POST" or subscription.is_confirmed
    if not subscription.is_confirmed and is_done:
        subscription.confirm()
    return page_of_link(
        request,
        CONFIRM,
        gettext("The changes will come by e-mail") if is_done else gettext("Confirm: changes by e-mail"),
        subscription=subscription,
        followed=followed_by(subscription),
        is_done=is_done,
        stop_url=with_query(reverse(STOP), {"key": key_of(subscription, STOP)}) if is_done else "",
    )


@never_cache
@csrf_exempt  # the signed key in the URL is the token; RFC 8058 sends neither cookie nor referrer
@takes("key", page=True)
@require_http_methods(["GET", "HEAD", "POST"])
def stop_digest(request):
    """End a subscription and delete the address, by POST; the page by GET has the button.

    A subscription that is gone is answered in the same way. Raise Http404 for a key that is not signed.
    """
    key = request.GET.get("key", "")
    if not is_signed(key, STOP):
        raise Http404
    subscription = find_subscription(key)
    if request.method == "POST" and subscription:
        subscription.delete()
    is_done = request.method == "POST" or subscription is None
    return page_of_link(
        request,
        STOP,
        gettext("You get no more of these mails") if is_done else gettext("Stop these mails"),
        subscription=subscription,
        followed=followed_by(subscription) if subscription and not is_done else None,
        is_done=is_done,
    )
