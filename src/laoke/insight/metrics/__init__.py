"""Named metrics over the lake: what each one means (`catalogue`), what it counts (`measures`), all days (`compute`)."""
