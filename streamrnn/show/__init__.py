"""Pictures of live streams: in the terminal, and as files."""
