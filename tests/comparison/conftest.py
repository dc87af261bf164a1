from tests.miniatures.runs import make_run
from tests.reproduction.conftest import make_record

__all__ = ["make_record", "make_run"]
