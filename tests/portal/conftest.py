"""Where Hypothesis keeps what it found: beside pytest's own memory, not in a folder that pytest would look into."""

from django.conf import settings
from hypothesis.configuration import set_hypothesis_home_dir

set_hypothesis_home_dir(settings.BASE_DIR / ".pytest_cache" / "hypothesis")
