"""Launchers: runs in processes of their own, one after another or several at a time."""
