"""The HTML of the cells of the coverage table, of which a page has hundreds."""

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from portal.core.formatting import number


def cell_html(cell, *, currency="", no_amount="", is_total=False) -> SafeString:
    """Return a table cell with the number of projects, or with the known budgets if a `currency` is chosen.

    `no_amount` are the words for projects of which no budget is known.
    """
    if not cell.count:
        return format_html(
            '<td class="gap{}">'
            '<span class="gap-words">{}</span><span class="gap-zero" aria-hidden="true">0</span></td>',
            " total" if is_total else "",
            gettext("no sourced project"),
        )
    shade = "total" if is_total else f"coverage-class-{cell.step}"
    if not currency:
        return format_html('<td class="{}"><a href="{}">{}</a></td>', shade, cell.url, number(cell.count))
    if cell.known:
        return format_html(
            '<td class="{}"><a href="{}"><data value="{}">{}</data><small>{}</small></a></td>',
            *(shade, cell.url, cell.exact, cell.in_millions, cell.share_known),
        )
    return format_html(
        '<td{}><a href="{}"><span aria-hidden="true">–</span>'
        '<span class="visually-hidden">{}</span><small>{}</small></a></td>',
        *(mark_safe(' class="total"') if is_total else "", cell.url, no_amount, cell.share_known),
    )


def row_html(cells, total, **how) -> SafeString:
    """Return the cells of a row and its total."""
    return mark_safe("".join([*(cell_html(cell, **how) for cell in cells), cell_html(total, is_total=True, **how)]))


def band_rows(bands) -> SafeString:
    """Return the table rows of the bands of one step of the flow diagram."""
    return format_html_join(
        "",
        '<tr><th scope="row">{}</th><td>{}</td>'
        '<td class="figure"><a href="{}">{}</a></td><td class="figure">{}</td></tr>',
        (
            (band.source.label, band.target.label, band.cell.url, number(band.cell.count), number(band.rounded_width))
            for band in bands
        ),
    )
