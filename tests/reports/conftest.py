from tests.listening.conftest import browser
from tests.miniatures.runs import example, make_run

__all__ = ["browser", "example", "make_run"]
