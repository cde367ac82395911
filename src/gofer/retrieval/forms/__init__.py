"""The forms in which predictions are written; each is made from chunks, in memory that does not grow with them.

What enters: chunks of predictions. What leaves: tables (`tables`: TSV, CAFA, JSON lines, parquet), annotations for
other tools (`annotations`: GAF 2.2, GPAD 2.0), and sets of terms by protein for enrichment and slims (`gene_sets`). A
form is added as one more entry of `FORMS`.
"""

from gofer.retrieval.forms.annotations import write_gaf, write_gpad
from gofer.retrieval.forms.form import Context, Form
from gofer.retrieval.forms.gene_sets import write_gene2term, write_slim
from gofer.retrieval.forms.tables import write_best, write_cafa, write_jsonl, write_parquet, write_tsv

__all__ = ["FORMS", "Context", "Form"]

FORMS = {
    "tsv": Form("predictions.tsv", "all predictions, as a table", write_tsv),
    "best": Form("predictions.best.tsv", "the most specific terms above the cutoff alone", write_best),
    "cafa": Form("predictions.cafa.tsv", "in CAFA form", write_cafa),
    "gaf": Form("predictions.gaf", "recommended ones as GAF 2.2", write_gaf),
    "gpad": Form("predictions.gpad", "recommended ones as GPAD 2.0", write_gpad),
    "gene2term": Form(
        "gene2term.tsv", "recommended terms by protein, for enrichment with topGO and others", write_gene2term
    ),
    "jsonl": Form("predictions.jsonl", "as JSON lines, one per protein", write_jsonl),
    "parquet": Form("predictions.parquet", "as parquet", write_parquet),
}
SLIM = Form("slim_counts.tsv", "proteins by term of the slim", write_slim)
