"""The relations of the Gene Ontology that gofer can follow, and the columns that hold their parents."""

RELATIONS = ("is_a", "part_of", "regulates")  # columns of the ontology table, values of the config key inputs.relations
TRUE_PATH = (
    "is_a",
    "part_of",
)  # where nothing else is said, annotations hold along these; depth and roots rest on them
COLUMN_OF = {
    "is_a": "is_a",
    "part_of": "part_of",
    "regulates": "regulates",
    "positively_regulates": "regulates",
    "negatively_regulates": "regulates",
}
