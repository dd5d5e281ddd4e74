"""What using a benefit does, by kind: each in a folder with its terms and what it brings and takes back."""
