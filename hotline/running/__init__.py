"""What keeps a hotline running on one machine: what it needs, its processes together, its web worker."""
