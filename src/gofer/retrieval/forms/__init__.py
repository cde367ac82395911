"""The forms in which predictions are written; each is made from chunks, in memory that does not grow with them.

What enters: chunks of predictions. What leaves: tables (`prediction_tables`: TSV, CAFA, JSON lines, parquet),
annotations for other tools (`annotations`: GAF 2.2, GPAD 2.0), sets of terms by protein for enrichment and slims
(`gene_sets`), and a page to look at (`query_page`). A form is added as one more entry of `WRITERS`, with its file in
`tables.PREDICTION_FILES`.
"""

from gofer.retrieval.forms.annotations import write_gaf, write_gpad
from gofer.retrieval.forms.form import Context, Form
from gofer.retrieval.forms.gene_sets import write_gene2term, write_slim
from gofer.retrieval.forms.prediction_tables import write_best, write_cafa, write_jsonl, write_parquet, write_tsv
from gofer.retrieval.forms.query_page import write_page
from gofer.tables import PREDICTION_FILES

__all__ = ["FORMS", "SLIM", "Context", "Form"]

WRITERS = {
    "tsv": write_tsv,
    "best": write_best,
    "cafa": write_cafa,
    "gaf": write_gaf,
    "gpad": write_gpad,
    "gene2term": write_gene2term,
    "jsonl": write_jsonl,
    "parquet": write_parquet,
    "page": write_page,
}
FORMS = {name: Form(PREDICTION_FILES[name], write) for name, write in WRITERS.items()}
SLIM = Form("slim_counts.tsv", write_slim)
