"""The ``sedpool`` command: one file per sub-command.

Importing these modules must stay cheap (`typer` and `sedpool.errors` only): what a command needs is imported in it.
"""
