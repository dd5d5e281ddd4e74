"""What an offer would have done: past orders priced again with it, by the engine that the till asks."""
