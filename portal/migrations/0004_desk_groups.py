"""The groups of the editors’ desk, with what each may do (portal.models.workflow says what that means)."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

RECORDS = (
    *(("portal", name) for name in ("place", "source")),
    *(("issues", name) for name in ("issue", "indicator", "event", "term")),
    *(("projects", name) for name in ("organisation", "project", "agreement")),
)
# Rows with a page of their own; all others belong to the page that they stand on.
ROWS = tuple(("issues", name) for name in ("keyfigure", "issuelink", "observation"))
LISTS = (("projects", "sector"), ("portal", "formerkey"), ("portal", "tombstone"))
TRANSLATED = (*RECORDS, *ROWS[:2], ("projects", "sector"), ("portal", "tombstone"))


def allowed(models, *actions):
    return {(app, f"{action}_{model}") for app, model in models for action in actions}


VIEW = allowed((*RECORDS, *ROWS, *LISTS), "view")
EDIT = VIEW | allowed(RECORDS, "add", "change") | allowed(ROWS, "add", "change", "delete")
REVIEW = EDIT | allowed(RECORDS, "publish") | allowed(LISTS, "add", "change")
GROUPS = {
    "Editor": EDIT,
    "Reviewer": REVIEW,
    "Administrator": REVIEW
    | allowed((*RECORDS, *LISTS), "delete")
    | allowed((("auth", "user"), ("auth", "group")), "view", "add", "change", "delete"),
    "Translator (Korean)": VIEW | allowed(TRANSLATED, "translate_ko"),
    "Translator (Russian)": VIEW | allowed(TRANSLATED, "translate_ru"),
}


def make_groups(apps, schema_editor):
    """Make the groups that are not there, and give all of them what they may at least do."""
    using = schema_editor.connection.alias
    for label in ("auth", "portal", "issues", "projects"):
        # Django makes permissions when all migrations are done, which is too late for this one.
        config = apps.get_app_config(label)
        config.models_module = installed.get_app_config(label).models_module
        create_permissions(config, verbosity=0, using=using, apps=apps)
        config.models_module = None
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    found = {
        (permission.content_type.app_label, permission.codename): permission
        for permission in Permission.objects.using(using).select_related("content_type")
    }
    for name, permissions in GROUPS.items():
        group, _created = Group.objects.using(using).get_or_create(name=name)
        group.permissions.add(*(found[permission] for permission in sorted(permissions)))


def remove_groups(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    Group.objects.using(schema_editor.connection.alias).filter(name__in=GROUPS).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("portal", "0003_workflow_and_removed_records"),
        ("issues", "0002_workflow"),
        ("projects", "0003_workflow"),
    ]

    operations = [migrations.RunPython(make_groups, remove_groups)]
