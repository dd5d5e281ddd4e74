"""Lists as files: asked for on a page, written in the background, kept for a week."""
