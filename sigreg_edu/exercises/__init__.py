"""Exercises with checks, graded hints and solutions: one module per notebook."""
