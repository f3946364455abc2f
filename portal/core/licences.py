"""The licences of pictures and documents, and of the portal’s own texts, with the addresses of their texts."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Licence(models.TextChoices):
    """What permits the portal to show a file. Names of licences are proper names, the same in each language."""

    CC0 = "cc0-1.0", "CC0 1.0"
    CC_BY_4 = "cc-by-4.0", "CC BY 4.0"
    CC_BY_SA_4 = "cc-by-sa-4.0", "CC BY-SA 4.0"
    CC_BY_3 = "cc-by-3.0", "CC BY 3.0"
    CC_BY_SA_3 = "cc-by-sa-3.0", "CC BY-SA 3.0"
    CC_BY_NC_SA_3_IGO = "cc-by-nc-sa-3.0-igo", "CC BY-NC-SA 3.0 IGO"
    KOGL_1 = "kogl-1", _("Korea Open Government Licence, type 1")
    PUBLIC_DOMAIN = "public-domain", _("Public domain")
    PERMISSION = "permission", _("With the written permission of the rights holder")

    @property
    def url(self) -> str:
        """Return the address of the text of the licence; "" for a permission and for the public domain."""
        return {
            "cc0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
            "cc-by-4.0": "https://creativecommons.org/licenses/by/4.0/",
            "cc-by-sa-4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
            "cc-by-3.0": "https://creativecommons.org/licenses/by/3.0/",
            "cc-by-sa-3.0": "https://creativecommons.org/licenses/by-sa/3.0/",
            "cc-by-nc-sa-3.0-igo": "https://creativecommons.org/licenses/by-nc-sa/3.0/igo/",
            "kogl-1": "https://www.kogl.or.kr/info/licenseType1.do",
        }.get(self.value, "")


OWN_LICENCE = Licence.CC_BY_4.url  # of the texts that the portal writes itself
