"""The relations of the Gene Ontology that gofer can follow, and the columns that hold their parents.

RELATIONS are the columns of the ontology table and the values of the config key inputs.relations. TRUE_PATH are those
along which an annotation holds by the true path rule; where nothing else is said they are followed, and depth and roots
always rest on them.
"""

RELATIONS = ("is_a", "part_of", "regulates")
TRUE_PATH = ("is_a", "part_of")
COLUMN_OF = {
    "is_a": "is_a",
    "part_of": "part_of",
    "regulates": "regulates",
    "positively_regulates": "regulates",
    "negatively_regulates": "regulates",
}
