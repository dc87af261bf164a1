"""Plots: figures of tables that others computed; `style` is how they look and which colour is whose."""
