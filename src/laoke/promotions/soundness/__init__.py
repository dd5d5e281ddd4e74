"""What is wrong with a programme as a whole, found before it is published: rules that can never apply, offers that
together give everything away, gifts without an end, words nobody knows."""
