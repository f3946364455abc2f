"""What the facet indexes are made of, stored so that a new process need not read all rows (`portal.facets.stored`)."""

from django.db import models


class StoredFacetValues(models.Model):
    """The ids of records by stored value, of one facet index, as they were at the content version `number`.

    `fingerprint` is of the queries that read them. `settled` is as in `ContentState`. A backup of the database has the
    row of the same moment, so it never describes a later state than the content beside it.
    """

    is_audited = False

    name = models.CharField(primary_key=True, max_length=100)
    fingerprint = models.CharField(max_length=64)
    number = models.PositiveBigIntegerField()
    settled = models.PositiveBigIntegerField()
    changed_at = models.DateTimeField()
    data = models.BinaryField()

    class Meta:
        default_permissions = ()

    def __str__(self):
        return self.name
