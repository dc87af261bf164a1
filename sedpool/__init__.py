"""Sound event detection from weak labels: train with any pooling operator, locate events, score them."""
