"""From files as they come to pixels a network can learn from."""
