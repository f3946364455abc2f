"""Pictures as PNG files."""

import io

from PIL import Image

from portal.graphics.png import FONTS, chart_card, png_of_svg

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 20" width="60" height="20">{}</svg>'


def opened(content):
    return Image.open(io.BytesIO(content)).convert("RGB")


def test_an_svg_file_is_drawn_at_twice_its_size():
    picture = opened(png_of_svg(SVG.format('<rect width="60" height="20" fill="#0b5866"/>')))
    assert picture.size == (120, 40)
    assert picture.getpixel((60, 20)) == (11, 88, 102)


def test_words_of_each_language_have_letters():
    """A font without the letters would draw the same box for each of them."""
    for a, b in (("A", "B"), ("Ж", "Ш"), ("물", "강")):
        drawn = {png_of_svg(SVG.format(f'<text x="4" y="15" font-family="Noto Sans">{one}</text>')) for one in (a, b)}
        assert len(drawn) == 2
    assert (FONTS / "OFL.txt").exists()


def test_a_card_has_its_size_however_long_its_words_are():
    svg = SVG.format("")
    card = chart_card("A title that is long enough for two lines of the card " * 2, "unit", svg, "Source " * 200, "en")
    assert opened(card).size == (1200, 630)
