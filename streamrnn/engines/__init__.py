"""One step of the network: native (numba), torch, and a float64 reference."""
