"""What the forms share by which readers send something that is stored, without an account: token, trap and refusal."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.http.form_tokens import EarlyToken, InvalidToken, make_token, read_nonce


class ReaderForm(forms.Form):
    """A form with a token (`portal.http.form_tokens`) and a trap for programs. `nonce` is set once it is valid."""

    token = forms.CharField(required=False, widget=forms.HiddenInput)
    # Only programs fill in this field: the page hides it, and its label says to leave it empty.
    website = forms.CharField(label=_("Leave this field empty."), required=False)

    nonce = ""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, label_suffix="", **kwargs)

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("website"):
            raise ValidationError(gettext("The field that must stay empty was filled in. Empty it and send again."))
        if self.errors:
            return cleaned  # a form that comes back anyway needs no word about its token
        try:
            self.nonce = read_nonce(cleaned.get("token", ""))
        except EarlyToken as error:
            raise ValidationError(
                gettext("The form was sent within a few seconds, as programs do. Please send it again.")
            ) from error
        except InvalidToken as error:
            raise ValidationError(
                gettext("The form was open for too long. Your text is still here: please send it again.")
            ) from error
        return cleaned

    def token_to_show(self):
        """Return the token that was sent, if it is or will be valid, or else a new one."""
        try:
            read_nonce(sent := self.data.get("token", ""))
        except EarlyToken:
            return sent
        except InvalidToken:
            return make_token()
        return sent


class ReaderFormMixin:
    """A FormView with a ReaderForm, which comes back if it is refused."""

    def refused(self, told, status, headers=None):
        """Return the page with the form as it was sent, and a message above it."""
        form = self.get_form()
        form.add_error(None, told)
        return self.render_to_response(self.get_context_data(form=form), status=status, headers=headers)
