"""Comes before pipecat itself, whose import would warn of audioop: the package keeps that quiet."""

import streamrnn.serve.pipecat  # noqa: F401
