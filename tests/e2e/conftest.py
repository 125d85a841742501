"""See fixtures.py, which other folders of tests use too."""
from fixtures import *  # noqa: F401, F403
