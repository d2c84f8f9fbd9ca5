"""The knowledge base (知识库): articles that answer callers, who may write and release them, and how they are found."""
