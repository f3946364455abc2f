from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('projects', '0006_no_currency_without_a_budget'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='project',
            name='project_budget_has_a_currency',
        ),
        migrations.AddConstraint(
            model_name='project',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('budget', None), ('currency', '')), models.Q(('budget__gte', 0), ('budget__isnull', False), models.Q(('currency', ''), _negated=True)), _connector='OR'), name='project_budget_has_a_currency', violation_error_message='Give a budget together with its currency, or neither.'),
        ),
    ]
