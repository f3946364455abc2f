"""Read pages of issues in tests."""

from tests import reading


def section(response, id):
    [part] = reading.page(response).xpath(f"//section[@aria-labelledby='{id}']")
    return part
