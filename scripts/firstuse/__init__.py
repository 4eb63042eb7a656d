"""What `scripts/first-use` is made of."""
