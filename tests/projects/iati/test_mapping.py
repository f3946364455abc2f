"""The facts of an activity from its elements: texts, dates, shares and languages."""

import pytest

from tests.projects.iati.files import activity, file


def test_everything_that_the_portal_uses_is_read(read):
    [one] = read(file())
    a = one.activity
    assert (one.line, one.findings) == (3, [])
    assert a.titles == {"en": "Drip irrigation in the north 1", "ko": "북부 점적관개"}
    assert a.descriptions == {"1": {"en": "Water is saved in fields."}, "2": {"en": "Less water for the same harvest."}}
    assert [(party.role, party.ref, party.names["en"]) for party in a.parties] == [
        ("1", "XM-DAC-99999", "Fictional Agency"),
        ("4", "", "Fictional Institute"),
    ]
    assert {kind: day.iso for kind, day in a.dates.items()} == {"1": "2024-03-01", "2": "2024-04-15", "3": "2027-02-28"}
    assert [(share.code, share.percentage) for share in a.countries] == [("UZ", 60), ("KG", 40)]
    assert a.markers == {"8": "2", "5": "0"}
    assert [(one.kind, str(one.money.value), one.money.currency) for one in a.transactions] == [
        ("2", "250000", "USD"),
        ("3", "1000.50", "USD"),
        ("3", "99.50", "USD"),
    ]
    assert a.results[0].indicators[0].periods[0].actuals == ["420"]


def test_persons_are_not_in_what_is_kept_of_an_activity(read):
    [one] = read(file())
    assert b"Roe" not in one.xml
    assert b"jane@example.org" not in one.xml
    assert b"Fictional Institute" in one.xml


def test_countries_and_sectors_of_transactions_are_shares_by_value(read):
    below = '<value value-date="2024-05-01">1000.50</value><sector code="14030"/><recipient-country code="TJ"/>'
    [one] = read(
        file(
            activity(
                "1",
                ('    <recipient-country code="UZ" percentage="60"/>\n', ""),
                ('    <recipient-country code="KG" percentage="40"/>\n', ""),
                ('    <sector vocabulary="1" code="31140" percentage="70"/>\n', ""),
                ('    <sector vocabulary="1" code="31130" percentage="30"/>\n', ""),
                ('<value value-date="2024-05-01">1000.50</value>', below),
                (
                    '<value value-date="2024-07-01">99.50</value>',
                    '<value value-date="2024-07-01">333.50</value><sector code="14031"/><recipient-country code="KZ"/>',
                ),
            )
        )
    )
    a = one.activity
    assert a.places_computed
    assert [(share.code, str(share.percentage)) for share in a.countries] == [("TJ", "75.00"), ("KZ", "25.00")]
    assert [(share.code, str(share.percentage)) for share in a.sectors] == [("14030", "75.00"), ("14031", "25.00")]


def test_shares_of_several_currencies_are_not_computed(read):
    [one] = read(
        file(
            activity(
                "1",
                ('    <recipient-country code="UZ" percentage="60"/>\n', ""),
                ('    <recipient-country code="KG" percentage="40"/>\n', ""),
                (
                    '<value value-date="2024-05-01">1000.50</value>',
                    '<value value-date="2024-05-01" currency="EUR">10</value><recipient-country code="TJ"/>',
                ),
                (
                    '<value value-date="2024-07-01">99.50</value>',
                    '<value value-date="2024-07-01">9</value><recipient-country code="KZ"/>',
                ),
            )
        )
    )
    assert [(share.code, share.percentage) for share in one.activity.countries] == [("TJ", None), ("KZ", None)]


def test_markup_in_texts_is_text(read):
    [one] = read(
        file(activity("1", ("Water is saved in fields.", "&lt;script&gt;alert(1)&lt;/script&gt; &amp;amp; water")))
    )
    assert one.activity.descriptions["1"]["en"] == "<script>alert(1)</script> &amp; water"


def test_other_languages_are_kept_beside(read):
    [one] = read(
        file(
            activity(
                "1",
                (
                    '<description type="1"><narrative>',
                    '<description type="1"><narrative xml:lang="fr">Eau</narrative><narrative>',
                ),
            )
        )
    )
    assert one.activity.descriptions["1"] == {"fr": "Eau", "en": "Water is saved in fields."}


@pytest.mark.parametrize(
    ("label", "text", "language", "warned"),
    [
        ("EN", "우즈베키스탄 점적관개 사업 (Drip)", "ko", "Korean text is labelled “EN”: it is read as Korean"),
        ("en", "Капельное орошение", "ru", "Russian text is labelled “en”: it is read as Russian"),
        ("kk", "Тамшылатып суару", "kk", None),
        ("en-GB", "Drip irrigation", "en", None),
        ("en", "Drip irrigation (점적)", "en", None),
    ],
)
def test_texts_that_give_their_label_the_lie(read, label, text, language, warned):
    [one] = read(file(activity("1", ("<narrative>Water is saved in fields.", f'<narrative xml:lang="{label}">{text}'))))
    assert list(one.activity.descriptions["1"].items()) == [(language, text)]
    assert [finding.words for finding in one.findings] == ([warned] if warned else [])
