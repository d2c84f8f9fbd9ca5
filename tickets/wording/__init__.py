"""Templates of answers (答复模板) that a department keeps for itself."""
