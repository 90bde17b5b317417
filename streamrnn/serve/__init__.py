"""Models as services: in a voice assistant's pipeline."""
