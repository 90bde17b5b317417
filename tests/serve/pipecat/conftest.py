"""Comes before pipecat itself, whose import would warn of audioop: the package keeps that quiet."""

import streamrnn.serve.pipecat as _first  # as tests/serve/wyoming has it

del _first
