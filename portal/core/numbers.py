"""Numbers as people write them: with a point or a comma, and with the thousands parted or not."""

import re
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

BLANK = re.compile("[ \u00a0\u2007\u2009\u202f]")
IN_BLANKS = re.compile(rf"[+-]?[1-9]\d{{0,2}}({BLANK.pattern}\d{{3}})+([.,]\d*)?")
PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
IN_THOUSANDS = {
    # What parts the thousands, and the other one, before the decimals.
    ",": re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?"),
    ".": re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3}){2,}(,\d*)?|[+-]?[1-9]\d{0,2}(\.\d{3})+,\d*"),
}
EITHER = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")


def parse_number(text: str) -> Decimal:
    """The number that a text stands for. Raises ValidationError for none, and where a comma could mean either."""
    written = text.strip().replace("\u2212", "-")
    if IN_BLANKS.fullmatch(written):
        written = BLANK.sub("", written)
    elif EITHER.fullmatch(written):
        raise ValidationError(
            _("“%(text)s” is ambiguous. Write %(thousands)s or %(decimal)s."),
            code="ambiguous",
            params={
                "text": text.strip(),
                "thousands": written.replace(",", ""),
                "decimal": written.replace(",", "."),
            },
        )
    if IN_THOUSANDS[","].fullmatch(written):
        written = written.replace(",", "")
    elif IN_THOUSANDS["."].fullmatch(written):
        written = written.replace(".", "").replace(",", ".")
    elif written.count(",") == 1 and "." not in written:
        written = written.replace(",", ".")
    if not PLAIN.fullmatch(written):
        raise ValidationError(_("“%(text)s” is not a number."), code="invalid", params={"text": text.strip()})
    return Decimal(written)


def plain(value: Decimal | int) -> str:
    """A number as digits and a point, without the zeros that its column pads it with: 68000, not 68000.000000."""
    return f"{Decimal(value).normalize():f}"
