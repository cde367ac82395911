"""What a protein is contrasted with: a FAISS index per phase, a curriculum of hardness, the choice itself."""
