"""Plots: figures of tables that other packages compute; `style` sets their look and the colour of each method."""
