"""Rename the permissions of the renamed models. Groups and users keep their permissions."""

from django.db import migrations

# The renamed models that have permissions: how the codename and the name of a permission end, before and after.
RENAMED = (
    (("link", "outside link"), ("externallink", "external link")),
    (("freshness", "freshness"), ("contentversion", "content version")),
    (("change", "change"), ("contentchange", "content change")),
)


def content_type(apps, using, old, new):
    """Return the content type called `new`, or None, and the set of primary keys of those called `old` or `new`.

    Django has renamed it already. It does not if another one has the new name, or outside the command `migrate`.
    """
    types = apps.get_model("contenttypes", "ContentType").objects.using(using).filter(app_label="portal")
    found = {one.model: one for one in types.filter(model__in=[old, new])}
    if old in found and new not in found:
        found[old].model = new
        found[old].save(using=using, update_fields=["model"])
        return found[old], {found[old].pk}
    return found.get(new), {one.pk for one in found.values()}


def rename(apps, using, renamed):
    Permission = apps.get_model("auth", "Permission")
    for (old, old_words), (new, new_words) in renamed:
        kept_type, types = content_type(apps, using, old, new)
        for permission in Permission.objects.using(using).filter(content_type__in=types, codename__endswith=f"_{old}"):
            codename = permission.codename.removesuffix(old) + new
            other = Permission.objects.using(using).filter(content_type=kept_type, codename=codename).first()
            if other is None:
                permission.content_type, permission.codename = kept_type, codename
                permission.name = permission.name.removesuffix(old_words) + new_words
                permission.save(using=using)
            else:  # made after a migration that went only halfway, or back
                other.group_set.add(*permission.group_set.all())
                other.user_set.add(*permission.user_set.all())
                permission.delete(using=using)


def forwards(apps, schema_editor):
    rename(apps, schema_editor.connection.alias, RENAMED)


def backwards(apps, schema_editor):
    rename(apps, schema_editor.connection.alias, [(new, old) for old, new in RENAMED])


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("portal", "0033_rename_models"),
    ]

    operations = [migrations.RunPython(forwards, backwards)]
