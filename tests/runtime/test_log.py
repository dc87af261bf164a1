"""Where messages go."""

import logging
import re
from pathlib import Path

import pytest

from sedpool.runtime.log import recorded, show_messages

logger = logging.getLogger("sedpool.some.module")


def test_messages_are_lines_on_standard_error_and_warnings_say_so(capfd: pytest.CaptureFixture[str]) -> None:
    show_messages()
    logger.debug("details")
    logger.info("epoch 1: 100 %")
    logger.warning("a folder is gone")
    logger.error("run 3: failed")
    assert capfd.readouterr() == ("", "epoch 1: 100 %\nwarning: a folder is gone\nrun 3: failed\n")


def test_handlers_of_the_root_logger_print_nothing_again(capfd: pytest.CaptureFixture[str]) -> None:
    handler = logging.StreamHandler()
    logging.getLogger().addHandler(handler)
    try:
        logger.info("once")
    finally:
        logging.getLogger().removeHandler(handler)
    assert capfd.readouterr().err == "once\n"


def test_messages_of_a_block_are_added_to_its_file_with_the_time(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("earlier\n")
    logger.info("before")
    with recorded(path):
        logger.info("within")
        logger.warning("a folder is gone")
    logger.info("after")
    earlier, *lines = path.read_text().splitlines()
    assert earlier == "earlier"
    stamps, texts = zip(*(line.split(" ", 1) for line in lines), strict=True)
    assert texts == ("within", "warning: a folder is gone")
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", stamp) for stamp in stamps)
