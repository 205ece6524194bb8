"""Letters by SMTP, where an administrator set it up. Links are always shown on a page as well."""

from __future__ import annotations

import logging
import smtplib

from django.conf import settings
from django.core.mail import send_mail

logger = logging.getLogger(__name__)


def can_mail() -> bool:
    """Letters carry links, so the studio must also know its own public address: the name in a
    request may be forged, and a new-password link must not lead elsewhere."""
    return bool(settings.EMAIL_CONFIGURED and settings.PUBLIC_URL)


def has_address() -> bool:
    return bool(settings.PUBLIC_URL)


def absolute(path: str) -> str:
    return f"{settings.PUBLIC_URL.rstrip('/')}{path}"


def send(to: str, *, subject: str, text: str) -> bool:
    """True if the mail server took the letter. The text holds a secret: it is never logged."""
    try:
        return send_mail(subject, text, None, [to]) == 1
    except (OSError, smtplib.SMTPException) as error:
        logger.warning("a letter could not be sent: %s", type(error).__name__)
        return False
