"""What `scripts/package` makes, a file each."""
