"""Explorers of notebook 04: training collapses, and what prevents it."""

from __future__ import annotations
