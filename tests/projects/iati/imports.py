"""Texts and values that tests of imports share."""

from django.db import connection

from portal.models import Place

COUNTRIES = {"uz": "Uzbekistan", "kg": "Kyrgyzstan", "kz": "Kazakhstan", "tj": "Tajikistan", "tm": "Turkmenistan"}


def whole_database():
    """Return every row of every table."""
    with connection.cursor() as cursor:
        found = {}
        for table in sorted(connection.introspection.table_names(cursor)):
            if "_fts" not in table and "search" not in table:
                cursor.execute(f'SELECT * FROM "{table}"')
                rows = ([bytes(one) if isinstance(one, memoryview) else one for one in row] for row in cursor)
                found[table] = sorted(map(repr, rows))
        return found


def states(plan):
    return {state.value: count for state, count in plan.counts.items() if count}


def country(key):
    return Place.objects.get(key=key)


MAPPING = """
name = "A list"
publisher = { name = "Fictional Bank", kind = "40" }
identifier = "bank-{id}"
date_format = "%d %B %Y"

[columns]
title = "name"
title_ko = "이름"
summary = "aim"
status = "state"
start = "begins"
end = { column = "span", separator = "~", part = 2 }
countries = { column = "where", separator = ";" }
budget = "sum"
sectors = "purpose"
sdgs = "goals"

[constants]
currency = "USD"
finance = "technical-cooperation"

[values.status]
Open = "implementation"
Shut = "closed"

[markers]
desertification = "rio"

[[organisations]]
role = "funding"
constant = "Fictional Bank"

[[organisations]]
role = "implementing"
column = "agency"
"""
HEADER = "id,name,이름,aim,state,begins,span,where,sum,purpose,goals,rio,agency\n"
LINE = '7,Canals,수로,Dig them,Open,3 December 1996,x~31 May 2001,UZ;KZ,"1,500.50",14040,6.5,2,Water Board\n'
# A text of a mapping, its replacement, and the line and message of the error.
WRONG_MAPPINGS = [
    ("name = ", "name ", "2: The mapping is not valid TOML"),
    ('title = "name"\ntitle_ko = "이름"\n', "", "7: The mapping must name the title column."),
    ('identifier = "bank-{id}"\n', "", "1: The mapping must define the project identifier"),
    ('publisher = { name = "Fictional Bank", kind = "40" }\n', "", "1: The mapping must name the publisher"),
    ("summary = ", "sumary = ", "10: sumary is not allowed in columns."),
    ('Open = "implementation"', 'Open = "going"', "24: going is not allowed in status."),
    ('finance = "technical-cooperation"', 'finance = "barter"', "21: barter is not allowed in finance."),
    ('role = "funding"', 'role = "payer"', "30: An organisation needs a role"),
    ("desertification = ", "deserts = ", "28: deserts is not allowed in markers."),
    # The identifier contains names of columns and nothing else that str.format would evaluate.
    *(
        ("bank-{id}", identifier, "4: An identifier is text and names of columns in braces")
        for identifier in (
            *("{id:>1500000000}", "{id!r}", "{id.__class__}", "{id[0]}", "{}", "{0:{id}}", "{id", "id}", "{{id}}"),
            *("bank", "{id:}", "{id!}"),
        )
    ),
    ("bank-{id}", "x" * 1001, "4: identifier must be a text in quotation marks, of at most 1000 letters."),
    # Types
    ('"bank-{id}"', "7", "4: identifier must be a text in quotation marks"),
    ('name = "A list"', "name = 7", "2: name must be a text in quotation marks"),
    ('name = "Fictional Bank",', "name = true,", "3: publisher.name must be a text in quotation marks"),
    ('kind = "40"', "kind = 1.5", "3: publisher.kind must be a text in quotation marks"),
    ('kind = "40"', 'age = "40"', "3: age is not allowed in publisher."),
    ('title = "name"', "title = 5", "8: columns.title must be a text in quotation marks"),
    ('title = "name"', 'title = ["name", 5]', "8: columns.title must be a text in quotation marks"),
    ('title = "name"', "title = []", "8: columns.title must be a text in quotation marks"),
    ('column = "span", ', "", "13: columns.end.column must be a text in quotation marks"),
    ('column = "span", ', 'column = "span", from = 2, ', "13: from is not allowed in columns.end."),
    ('separator = "~"', 'separator = ""', "13: columns.end.separator must be a text in quotation marks"),
    ("part = 2", "part = 0", "13: columns.end.part must be a whole number from 1 to 50."),
    ("part = 2", "part = true", "13: columns.end.part must be a whole number from 1 to 50."),
    ('currency = "USD"', "currency = 2021-07-02", "20: constants.currency must be a text in quotation marks"),
    ('currency = "USD"', "currency = nan", "20: constants.currency must be a text in quotation marks"),
    ('Open = "implementation"', "Open = 3", "24: values.status.Open must be a text in quotation marks"),
    ('desertification = "rio"', "desertification = []", "28: markers.desertification must be a text in quotation"),
    ('column = "agency"', "column = 1", "36: organisations.1.column must be a text in quotation marks"),
    ('"A list"', '"A list"\niati = "yes"', "3: iati must be true or false."),
    ('"A list"', r'"A\u0000list"', "2: name must be a text in quotation marks"),
    ("[values.status]\n", "[values]\nstatus = 3\n[other]\n", "25: other is not allowed in TOML."),
    ("[values.status]\n", "[values.start]\nx = {}\n[values.status]\n", "24: values.start.x must be a text"),
    # The form of the table
    ('"A list"', '"A list"\nencoding = "zip"', "3: zip is not allowed in encoding."),
    ('"A list"', '"A list"\nencoding = "punycode"', "3: punycode is not allowed in encoding."),
    ('"A list"', '"A list"\nencoding = 7', "3: encoding must be a text in quotation marks"),
    ('"A list"', '"A list"\ndelimiter = ";;"', "3: delimiter must be a comma, a semicolon, a tab"),
    ('"A list"', '"A list"\nlanguage = "English"', "3: language must be the code of a language"),
    *(
        ("%d %B %Y", format, "5: date_format must have %Y or %y")
        for format in ("%d.%m", "%Y %Y", "%s", "%", "%%Y", "%1000000000Y", "%Y%")
    ),
    # Sizes
    ('title = "name"', "title = " + "[" * 3000 + "]" * 3000, "1: The mapping is not valid TOML"),
    ('title = "name"', "title = " + "1" * 5000, "1: The mapping is not valid TOML"),
    ('title = "name"', 'title = "name" #' + "x" * 65536, "1: The mapping has more than 64 kB."),
    ("[markers]", '[[organisations]]\nrole = "funding"\nconstant = "x"\n' * 50 + "[markers]", "180: Each organisation"),
    ("[constants]", "[constants]\nbudget = 1000000000000000", "20: constants.budget must be a text in quotation marks"),
]  # fmt: skip
# Two columns that the mapping does not name. One of them contains a line break.
PERSONS_HEADER = HEADER.replace("id,", "id,contact,").replace("agency\n", "agency,remark\n")
PERSONS_LINE = LINE.replace("7,", '7,"Jane Roe\njane@example.org",', 1).replace("Board\n", "Board,ask Roe\n")
