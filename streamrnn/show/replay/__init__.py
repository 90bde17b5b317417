"""Pictures of streams that were played again, and a page about them."""
