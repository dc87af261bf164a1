from pathlib import Path

from scripts.shape import Shape, compare, measure

ROOM = """
import keras
from made.steps import decorated, listed, long, once, public, twice

class Own(keras.callbacks.Callback):
    def on_epoch_end(self):
        return once() + twice() + twice() + public() + decorated() + long() + listed()

class Further(Own):
    def on_epoch_begin(self):
        return self._hidden()

    def _hidden(self):
        return 0

class Plain:
    def only(self):
        \"\"\"Refer to `never` in words alone.\"\"\"
        return 1

def never():
    return Plain().only()
"""
STEPS = """
from functools import cache

__all__ = ["listed"]

def listed():
    return 0

def once():
    \"\"\"Return a number.\"\"\"
    a = b = c = 1
    a += b
    b += c
    return a

def twice():
    return 2

def public():
    return 3

@cache
def decorated():
    return 4

def long():
    a = 1
    a += 1
    a += 2
    a += 3
    return a
"""


def test_small_functions_with_one_reference_are_counted(tmp_path: Path) -> None:
    (tmp_path / "made" / "room").mkdir(parents=True)
    (tmp_path / "made" / "room" / "classes.py").write_text(ROOM)
    (tmp_path / "made" / "steps.py").write_text(STEPS)
    assert measure(tmp_path / "made", {"public"}) == {
        "room": Shape(used_once=2, statements=16),  # _hidden and only; the library calls the others
        "made": Shape(used_once=1, statements=22),  # once
    }


def test_a_ceiling_is_held_and_falls() -> None:
    ceilings = {"above": Shape(1, 10), "below": Shape(1, 10), "at": Shape(1, 10), "gone": Shape(0, 0)}
    shapes = {"above": Shape(2, 11), "below": Shape(1, 9), "at": Shape(1, 10), "new": Shape(0, 5)}
    problems, advice = compare(shapes, ceilings)
    assert problems == [
        "shape: no package gone; delete its ceilings",
        "shape: above has 2 small functions that are used once, at most 1; "
        "inline those that say no more than their code",
        "shape: above has 11 statements, at most 10; delete some",
        "shape: new has no ceilings; add new = { used_once = 0, statements = 5 }",
    ]
    assert advice == ["shape: a ceiling can fall; put in below = { used_once = 1, statements = 9 }"]
