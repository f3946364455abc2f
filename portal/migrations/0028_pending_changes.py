from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('portal', '0027_audit_ended_previews'),
    ]

    operations = [
        migrations.CreateModel(
            name='PendingChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('records', models.JSONField()),
            ],
        ),
    ]
