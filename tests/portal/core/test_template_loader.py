"""Templates are compiled without their indentation."""

from django.template import Engine

from portal.core.template_loader import Loader


def rendered(folder, name, text, **context):
    (folder / name).write_text(text, encoding="utf-8")
    engine = Engine(dirs=[folder], loaders=["portal.core.template_loader.Loader"])
    return engine.render_to_string(name, context)


def test_a_page_has_no_indentation(tmp_path):
    page = rendered(tmp_path, "page.html", '<ul>\n\n    <li\n      class="a">{{ words }}</li>\n</ul>\n', words="a\n  b")
    assert page == '<ul>\n<li\nclass="a">a\n  b</li>\n</ul>\n', "the text of a variable keeps its whitespace"


def test_the_text_of_a_mail_keeps_its_indentation(tmp_path):
    assert (
        rendered(tmp_path, "mail.txt", "Hello\n\n    https://example.org/\n") == "Hello\n\n    https://example.org/\n"
    )


def test_the_portal_uses_the_loader(settings):
    (_cached, loaders), *_rest = settings.TEMPLATES[0]["OPTIONS"]["loaders"]
    assert loaders[0] == f"{Loader.__module__}.{Loader.__name__}"
