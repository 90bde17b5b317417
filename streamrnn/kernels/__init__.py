"""Compiled parts of the live path: numbers in, numbers out, no Python objects."""
