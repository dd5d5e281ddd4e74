"""The member list: what is asked, whom it finds, how many they are, and what is done with them."""
