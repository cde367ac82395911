"""GO evidence codes of the Evidence and Conclusion Ontology (ECO).

Each code has one ECO id, the rows "Default" of http://purl.obolibrary.org/obo/eco/gaf-eco-mapping.txt; only IEA has had
two over the years.
"""

GO_CODES = {
    "ECO:0000269": "EXP",
    "ECO:0000314": "IDA",
    "ECO:0000353": "IPI",
    "ECO:0000315": "IMP",
    "ECO:0000316": "IGI",
    "ECO:0000270": "IEP",
    "ECO:0006056": "HTP",
    "ECO:0007005": "HDA",
    "ECO:0007001": "HMP",
    "ECO:0007003": "HGI",
    "ECO:0007007": "HEP",
    "ECO:0000250": "ISS",
    "ECO:0000266": "ISO",
    "ECO:0000247": "ISA",
    "ECO:0000255": "ISM",
    "ECO:0000317": "IGC",
    "ECO:0000318": "IBA",
    "ECO:0000319": "IBD",
    "ECO:0000320": "IKR",
    "ECO:0000321": "IRD",
    "ECO:0000245": "RCA",
    "ECO:0000304": "TAS",
    "ECO:0000303": "NAS",
    "ECO:0000305": "IC",
    "ECO:0000307": "ND",
    "ECO:0000501": "IEA",
    "ECO:0007669": "IEA",
}


def go_code(evidence: str) -> str:
    """The evidence code of an ECO id that stands for one; a code, or any other ECO id, in capitals as it is."""
    evidence = evidence.upper()
    return GO_CODES.get(evidence, evidence)
