"""From a state to everything that its figure shows: plain arrays and numbers, no Matplotlib, no widgets."""
