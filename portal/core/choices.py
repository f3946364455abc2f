"""Enumerations that more than one app uses. A choice that IATI has too carries the code of its IATI list."""

from typing import Self

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class IatiChoices(models.TextChoices):
    """Choices written as (value, IATI code, label); the code is empty where IATI has none."""

    iati_code: str

    def __new__(cls, value: str, iati_code: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.iati_code = iati_code
        return member


class PublicationStatus(models.TextChoices):
    """Where a record stands on its way to the reader."""

    DRAFT = "draft", _("Draft")
    IN_REVIEW = "in-review", _("In review")
    SCHEDULED = "scheduled", _("Scheduled")
    PUBLISHED = "published", _("Published")
    ARCHIVED = "archived", _("Archived")
    SET_ASIDE = "set-aside", _("Set aside")


class Confidence(models.TextChoices):
    """How well the sources that were read carry a record."""

    HIGH = "high", pgettext_lazy("confidence", "High")
    MEDIUM = "medium", pgettext_lazy("confidence", "Medium")
    LOW = "low", pgettext_lazy("confidence", "Low")

    @property
    def meaning(self) -> Promise:
        """Return a sentence that says what the word stands for."""
        return {
            "high": _("An official or peer-reviewed source was read."),
            "medium": _("Reputable press or a partner’s own page was read."),
            "low": _("One weak or partial source was read."),
        }[self.value]


class Level(models.TextChoices):
    """Who on the Korean side carries a project or an agreement."""

    NATIONAL = "national", pgettext_lazy("level", "National")
    PROVINCIAL = "provincial", pgettext_lazy("level", "Provincial")
    MUNICIPAL = "municipal", pgettext_lazy("level", "Municipal")
    MULTILATERAL = "multilateral", pgettext_lazy("level", "Multilateral")
    PRIVATE = "private", pgettext_lazy("level", "Private")
    ACADEMIC = "academic", pgettext_lazy("level", "Academic")


class Area(models.TextChoices):
    """Areas of cooperation."""

    WATER_RESOURCES = "water-resources", _("Water resources")
    DESERTIFICATION_PREVENTION = "desertification-prevention", _("Desertification prevention")
    RENEWABLE_ENERGY = "renewable-energy", _("Renewable energy")
    CLIMATE_CHANGE = "climate-change", _("Climate change")
    NATURAL_RESOURCES = "natural-resources", _("Natural resources")
    ENERGY = "energy", _("Energy")
    INFRASTRUCTURE = "infrastructure", _("Infrastructure")
    SMART_AGRICULTURE = "smart-agriculture", _("Smart agriculture")
    ECONOMY = "economy", _("Economy")
    CULTURE = "culture", _("Culture")
    EDUCATION = "education", _("Education")
    MEDICAL_TECHNOLOGY = "medical-technology", _("Medical technology")
    ODA = "oda", _("Official development assistance (ODA)")
    SMART_CITY = "smart-city", _("Smart city")
    IT_EDUCATION = "it-education", _("IT education")
    ENVIRONMENT = "environment", _("Environment")
    FORESTRY = "forestry", _("Forestry")
    BIODIVERSITY = "biodiversity", _("Biodiversity")
    DISASTER_RISK = "disaster-risk", _("Disaster risk reduction")
    AIR_QUALITY = "air-quality", _("Air quality")
    WASTE = "waste", _("Waste")


class Goal(models.TextChoices):
    """The seventeen Sustainable Development Goals, by number.

    Short titles: of the United Nations (Sustainable Development Goals, communications materials) in English and
    Russian; of the Statistics Research Institute of Korea (SDGs in the Republic of Korea) in Korean.
    """

    NO_POVERTY = "1", _("No poverty")
    ZERO_HUNGER = "2", _("Zero hunger")
    GOOD_HEALTH = "3", _("Good health and well-being")
    EDUCATION = "4", _("Quality education")
    GENDER = "5", _("Gender equality")
    WATER = "6", _("Clean water and sanitation")
    ENERGY = "7", _("Affordable and clean energy")
    WORK = "8", _("Decent work and economic growth")
    INDUSTRY = "9", _("Industry, innovation and infrastructure")
    INEQUALITY = "10", _("Reduced inequalities")
    CITIES = "11", _("Sustainable cities and communities")
    CONSUMPTION = "12", _("Responsible consumption and production")
    CLIMATE = "13", _("Climate action")
    BELOW_WATER = "14", _("Life below water")
    ON_LAND = "15", _("Life on land")
    PEACE = "16", _("Peace, justice and strong institutions")
    PARTNERSHIPS = "17", _("Partnerships for the goals")


class Currency(models.TextChoices):
    """Currencies that an amount may be given in, by ISO 4217 code."""

    USD = "USD", _("US dollar")
    KRW = "KRW", _("South Korean won")
    EUR = "EUR", _("Euro")
    CHF = "CHF", _("Swiss franc")
    CNY = "CNY", _("Chinese yuan")
    GBP = "GBP", _("Pound sterling")
    JPY = "JPY", _("Japanese yen")
    KZT = "KZT", _("Kazakhstani tenge")
    UZS = "UZS", _("Uzbekistani so‘m")
    KGS = "KGS", _("Kyrgyzstani som")
    TJS = "TJS", _("Tajikistani somoni")
    TMT = "TMT", _("Turkmenistani manat")
    RUB = "RUB", _("Russian rouble")
    XDR = "XDR", _("Special drawing right")
