"""From a state to all that its figure shows: plain arrays and numbers, no Matplotlib."""
