"""Views drawn by Matplotlib without pyplot: artists made once, only what moves is redrawn."""
