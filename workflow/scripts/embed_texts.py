"""Rule embed_texts: the text vectors of one phase; of training's terms for A to C, of every term for D."""

from gofer.artefacts import agreed_files, read_table
from gofer.embeddings.go_cache import GoLookupCache
from gofer.embeddings.go_text import template_hash, term_texts, terms_of_phase
from gofer.embeddings.text_encoder import TextEncoder
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0], threads=snakemake.threads):
    phase, settings, path = snakemake.wildcards.phase, snakemake.params.settings, snakemake.input.terms
    terms = read_table(path)
    go_ids = terms_of_phase(terms, phase)
    texts = term_texts(terms, phase, go_ids)
    encoder = TextEncoder.load(settings["encoder"], max_tokens=settings["max_tokens"])
    logger.info("%s: %d texts of phase %s, e.g. %s", encoder.name, len(texts), phase, texts[:1])
    manifest = agreed_files(path).only("go_release").with_release(text_encoder=encoder.name)
    told = {"phase": phase, "template_sha256": template_hash()}
    GoLookupCache(go_ids, encoder.embed(texts, go_ids)).write(snakemake.output.vectors, manifest.told(**told))
