"""A mail server on this machine that keeps what it receives."""

import contextlib
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller

from tests.browser.served import free_port


class Mailbox:
    """Receives mails, and refuses those to `refused` addresses."""

    def __init__(self):
        self.received, self.refused = [], set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refused:
            return f"550 no such mailbox: {address}"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.received.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
        return "250 OK"

    @property
    def messages(self):
        return [message for _to, message in self.received]


@contextlib.contextmanager
def mail_server(settings):
    """Run a server on a free port and let the portal send through it. Yield its Mailbox."""
    mailbox = Mailbox()
    port = free_port()  # aiosmtpd waits for the port that it is given, so it must know it
    controller = Controller(mailbox, hostname="127.0.0.1", port=port, ready_timeout=60)
    controller.start()
    try:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        settings.HAS_MAIL_SERVER = True
        yield mailbox
    finally:
        controller.stop()
