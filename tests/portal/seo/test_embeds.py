"""The code of an embed is correct HTML, whatever its title."""

from lxml import html

from portal.seo.embeds import Embed

TITLE = "\"'><script>alert(1)</script> & \u2068Арал\u2069"


def test_code_is_one_frame_of_the_embed_with_its_title():
    embed = Embed("/ko/projects/", {"country": ["uz", "kz"]}, TITLE, 500)
    [frame] = html.fragments_fromstring(embed.code)
    assert dict(frame.attrib) == {
        "src": "http://testserver/ko/embed/projects/?country=uz&country=kz",
        "title": TITLE,
        "width": "100%",
        "height": "500",
        "style": "border:0",
        "loading": "lazy",
    }
    assert embed.page_url == "http://testserver/ko/projects/?country=uz&country=kz"
    assert len(html.fragments_fromstring(embed.html(300, 200))) == 1


def test_address_of_oembed_names_the_page():
    found = Embed("/en/map/", {}, "Map", 500).oembed_url
    assert found == "http://testserver/oembed?url=http%3A%2F%2Ftestserver%2Fen%2Fmap%2F&format=json"
