"""Recorded streams played again, offline: the same bits, or what another model says."""
