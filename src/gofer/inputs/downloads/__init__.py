"""Files from elsewhere: Swiss-Prot, GOA and the Gene Ontology, downloaded once into the user's cache folder.

`sources.yaml` holds every address. `sources.Source` names the files of one source and release, `download.download` gets
one of them: resumed, checked, and never half a file under its final name. `swissprot_2014` makes FASTA and annotations
of two Debian files.
"""
