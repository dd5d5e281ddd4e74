"""What the pages show, read by plain SQL into plain values."""
