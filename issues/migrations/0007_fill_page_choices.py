"""Fill the page choices of a database that has content with what the code said before.

A database without records gets them from fixtures/90_page_choices.json.
"""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

COUNTRY_PAGES = (
    "water-stress",
    "drinking-water-safely-managed",
    "forest-area-share",
    "co2-emissions-per-capita",
    "electricity-renewables-share",
    "temperature-anomaly",
)
COMPARISONS = (
    "water-stress",
    "forest-area-share",
    "co2-emissions-per-capita",
    "electricity-renewables-share",
    "drinking-water-safely-managed",
    "temperature-anomaly",
    "gdp-per-capita",
)
REPORT = {
    "sentence": "Areas that the Gyeonggi Research Institute’s report of 2024 names for cooperation are marked.",
    "sentence_en": "Areas that the Gyeonggi Research Institute’s report of 2024 names for cooperation are marked.",
    "sentence_ko": "경기연구원의 2024년 보고서가 협력 대상으로 꼽은 분야에는 표시를 했습니다.",
    "sentence_ru": "Отмечены направления сотрудничества, названные в докладе Исследовательского института Кёнгидо 2024 года.",
    "areas": ["desertification-prevention", "smart-agriculture", "natural-resources", "infrastructure"],
    "words": "K-pop",
}
EXAMPLES = (
    (
        ("portal", "Place", "country"),
        "kz uz",
        "The two countries around the Aral Sea",
        "아랄해를 둘러싼 두 나라",
        "Две страны на берегах Аральского моря",
    ),
    (
        ("issues", "Issue", "issue"),
        "glacier-retreat transboundary-water-allocation aral-sea-depletion",
        "From the source to the mouth: glaciers that melt, water that is shared out, a sea that dries",
        "발원지에서 하구까지: 녹는 빙하, 나누어 쓰는 물, 말라 가는 바다",
        "От истока до устья: тающие ледники, распределение воды, высыхающее море",
    ),
    (
        ("projects", "Project", "project"),
        "koica-gggi-aral-sea-grip kfs-aral-sea-forest-restoration-kz",
        "Two Korean ways to green the dry seabed",
        "아랄해의 마른 바닥을 푸르게 하는 한국의 두 가지 방식",
        "Два корейских подхода к озеленению высохшего дна моря",
    ),
)


def fill(apps, schema_editor):
    """Create the rows whose records are there."""
    using = schema_editor.connection.alias

    def rows(name, app="issues"):
        return apps.get_model(app, name)._base_manager.using(using)

    for page, keys in (("country", COUNTRY_PAGES), ("comparison", COMPARISONS)):
        found = dict(rows("Indicator").filter(key__in=keys).values_list("key", "pk"))
        for position, key in enumerate(keys, 1):
            if key in found:
                rows("PageIndicator").create(page=page, indicator_id=found[key], position=position)
    if issue := rows("Issue").filter(key="aral-sea-depletion").first():
        rows("IssueFeature").create(part="aral-sea", issue_id=issue.pk)
    if source := rows("Source", "portal").filter(key="gri-2024-central-asia").first():
        rows("AreaReport").create(source_id=source.pk, **REPORT)
    for position, ((app, model, kind), keys, en, ko, ru) in enumerate(EXAMPLES, 1):
        if rows(model, app).filter(key__in=keys.split()).count() == len(keys.split()):
            titles = {"title": en, "title_en": en, "title_ko": ko, "title_ru": ru}
            rows("ComparisonExample").create(kind=kind, keys=keys, position=position, **titles)


def empty(apps, schema_editor):
    for name in ("PageIndicator", "IssueFeature", "AreaReport", "ComparisonExample"):
        apps.get_model("issues", name)._base_manager.using(schema_editor.connection.alias).all().delete()


TRANSLATED = ("areareport", "comparisonexample")
MODELS = ("pageindicator", "issuefeature", *TRANSLATED)
VIEW = {f"view_{model}" for model in MODELS}
CHANGE = VIEW | {f"{action}_{model}" for action in ("add", "change", "delete") for model in MODELS}
RIGHTS = {
    "Editor": VIEW,
    "Reviewer": CHANGE,
    "Administrator": CHANGE,
    "Translator (Korean)": VIEW | {f"translate_ko_{model}" for model in TRANSLATED},
    "Translator (Russian)": VIEW | {f"translate_ru_{model}" for model in TRANSLATED},
}


def made_permissions(apps, using):
    # Django makes permissions when all migrations are done, which is too late for this one.
    config = apps.get_app_config("issues")
    config.models_module = installed.get_app_config("issues").models_module
    create_permissions(config, verbosity=0, using=using, apps=apps)
    config.models_module = None
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    return {row.codename: row for row in permissions.filter(content_type__app_label="issues")}


def allow(apps, schema_editor):
    using = schema_editor.connection.alias
    found = made_permissions(apps, using)
    for group in apps.get_model("auth", "Group").objects.using(using).filter(name__in=RIGHTS):
        group.permissions.add(*(found[codename] for codename in sorted(RIGHTS[group.name])))


def disallow(apps, schema_editor):
    using = schema_editor.connection.alias
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    for group in apps.get_model("auth", "Group").objects.using(using).filter(name__in=RIGHTS):
        group.permissions.remove(*permissions.filter(codename__in=RIGHTS[group.name]))


class Migration(migrations.Migration):
    dependencies = [
        ("issues", "0006_page_choices"),
        ("portal", "0029_audit_keeps_refusals"),
        ("projects", "0014_secondary_reporters_of_imported"),
    ]

    operations = [migrations.RunPython(fill, empty), migrations.RunPython(allow, disallow)]
