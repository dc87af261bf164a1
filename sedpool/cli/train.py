"""``sedpool train``: the same as ``python train.py``."""

import sys

import typer

PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def train(context: typer.Context) -> None:
    """Train, score and report: `sedpool train pooling=cap`; --help lists every choice and setting."""
    from sedpool.experiment.main import main

    sys.argv = ["sedpool train", *context.args]
    main()
