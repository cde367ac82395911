"""One HTML page per run: tables first, pictures made from the tables, every figure with what it means."""
