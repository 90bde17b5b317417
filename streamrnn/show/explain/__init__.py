"""Pictures of what goes on inside of a network."""
