"""Terms and proteins close to a text, a term or a protein: python examples/search.py my.gofer "RNA ligase"."""

import sys

import gofer

found = gofer.load(sys.argv[1]).search(sys.argv[2], number=5)
print(found.to_string(index=False))
