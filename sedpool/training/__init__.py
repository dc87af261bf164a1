"""Training: the recipe, the batches, the loop, and the weights it leaves."""
