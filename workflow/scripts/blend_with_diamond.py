"""Rule blend_with_diamond: a method blended with DIAMOND; without DIAMOND, an empty file that says so."""

from gofer.artefacts import agreed_files
from gofer.evaluation.blends import blend, fit_shares
from gofer.evaluation.cafa import prediction_status, read_cafa, write_cafa
from gofer.evaluation.truth import HeldOut
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0]):
    files, output = snakemake.input, snakemake.output.predictions
    manifest = agreed_files(*(files[name] for name in ("terms", "term_sets", "annotations", "splits")))
    manifest = manifest.told(method=f"{snakemake.wildcards.method}+diamond")
    status = prediction_status(files.diamond)
    if status != "complete":
        write_cafa(output, [], [], [], manifest=manifest, status=status)
    else:
        held_out = HeldOut.read(files, snakemake.params.relations)
        method, diamond = read_cafa(files.method), read_cafa(files.diamond)
        min_score, aspect_of = snakemake.params.settings["min_score"], held_out.terms.set_index("go_id")["aspect"]
        shares = fit_shares(method, diamond, held_out, min_score=min_score)
        table = blend(method, diamond, shares, aspect_of, min_score=min_score)
        manifest = manifest.told(diamond_share=shares)
        write_cafa(output, table["protein_id"], table["go_id"], table["score"], manifest=manifest)
        logger.info("DIAMOND's share: %s", shares)
