from tests.miniatures.runs import example, make_run

__all__ = ["example", "make_run"]
