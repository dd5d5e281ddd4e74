"""What members earn beside buying."""
