"""Views drawn by Matplotlib, without pyplot: one style, artists made once, only what moves redrawn."""
