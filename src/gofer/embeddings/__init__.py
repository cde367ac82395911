"""Residues of proteins and texts of GO terms, as vectors."""
