# Inputs: the user's files, read strictly, and what is made of them before any model.
#
# Inputs:   the files that the config names: proteins (FASTA), ontology (OBO), annotations (table or GAF), lists of ids
# Outputs:  inputs/{proteins,ontology,obsolete,annotations,splits,term_sets,terms,pid2pos}.parquet
#           inputs/accounting-{proteins,ontology,annotations,splits,labels}.parquet   what came in, was kept or dropped, and why
# Steps:    check (by name only); (make_demo_world ->) read_proteins, read_ontology -> read_annotations -> make_splits -> label_terms

SPLIT_SETTINGS = config["inputs"]["splits"]
TERM_SET_SETTINGS = config["inputs"]["term_sets"]


if "demo" in config:

    rule make_demo_world:
        """Generate the demo's files: demo.proteins synthetic proteins with planted motifs, a mini-ontology, annotations."""
        message:
            "Making the demo's world"
        output:
            proteins=f"{config['data']}/proteins.fasta",
            annotations=f"{config['data']}/annotations.tsv",
            ontology=f"{config['data']}/go.obo",
            query=f"{config['data']}/query.fasta",
            zero_list=f"{config['data']}/zero_shot_terms.txt",
            positions=f"{config['data']}/motif_positions.tsv",
        params:
            demo=config["demo"],
            seed=config["seed"],
            code=code("gofer.inputs.demo"),
        log:
            results("logs/make_demo_world.log"),
        benchmark:
            results("benchmarks/make_demo_world.tsv")
        conda:
            "../envs/inputs.yaml"
        script:
            "../workflow/scripts/make_demo_world.py"


rule check:
    """Read every input, look for models, disk and programs, and tell all problems at once; run by name only."""
    message:
        "Checking the inputs"
    input:
        protein_files(config),
        data_file(config["annotations"]),
        data_file(config["ontology"]),
    params:
        code=code("gofer.check"),
    log:
        results("logs/check.log"),
    conda:
        "../envs/inputs.yaml"
    script:
        "../workflow/scripts/check.py"


rule read_proteins:
    """Check the FASTA files (plain, gz, bz2), upper-case the residues; keep those of inputs.keep_ids where it is given."""
    message:
        "Reading the proteins"
    input:
        fasta=protein_files(config),
        keep_ids=listed(config["inputs"]["keep_ids"]),
    output:
        proteins=results("inputs/proteins.parquet"),
        accounting=results("inputs/accounting-proteins.parquet"),
    params:
        code=code("gofer.inputs.proteins", "gofer.inputs.schemas"),
    log:
        results("logs/read_proteins.log"),
    benchmark:
        results("benchmarks/read_proteins.tsv")
    conda:
        "../envs/inputs.yaml"
    script:
        "../workflow/scripts/read_proteins.py"


rule read_ontology:
    """Check the OBO file, then read its live terms with goatools."""
    message:
        "Reading the Gene Ontology"
    input:
        obo=data_file(config["ontology"]),
    output:
        ontology=results("inputs/ontology.parquet"),
        obsolete=results("inputs/obsolete.parquet"),
        accounting=results("inputs/accounting-ontology.parquet"),
    params:
        code=code("gofer.inputs.ontology", "gofer.inputs.schemas"),
    log:
        results("logs/read_ontology.log"),
    benchmark:
        results("benchmarks/read_ontology.tsv")
    conda:
        "../envs/inputs.yaml"
    script:
        "../workflow/scripts/read_ontology.py"


rule read_annotations:
    """Keep annotations with inputs.evidence_codes, by method date those known in time; propagate along inputs.relations."""
    message:
        "Reading the annotations"
    input:
        annotations=data_file(config["annotations"]),
        proteins=results("inputs/proteins.parquet"),
        ontology=results("inputs/ontology.parquet"),
        obsolete=results("inputs/obsolete.parquet"),
    output:
        annotations=results("inputs/annotations.parquet"),
        accounting=results("inputs/accounting-annotations.parquet"),
    params:
        settings={key: config["inputs"][key] for key in ("evidence_codes", "relations", "max_unknown_terms")},
        days={key: SPLIT_SETTINGS[key] for key in ("val_from", "test_from") if SPLIT_SETTINGS["method"] == "date"},
        code=code("gofer.inputs.annotations", "gofer.inputs.split_dates", "gofer.inputs.schemas"),
    log:
        results("logs/read_annotations.log"),
    benchmark:
        results("benchmarks/read_annotations.tsv")
    conda:
        "../envs/inputs.yaml"
    script:
        "../workflow/scripts/read_annotations.py"


rule make_splits:
    """Divide the annotated proteins by inputs.splits, clusters kept whole; find each val and test one's nearest in train."""
    message:
        "Dividing the proteins into train, val and test"
    input:
        proteins=results("inputs/proteins.parquet"),
        ontology=results("inputs/ontology.parquet"),
        annotations=results("inputs/annotations.parquet"),
        val_ids=listed(SPLIT_SETTINGS["val_ids"], when=SPLIT_SETTINGS["method"] == "lists"),
        test_ids=listed(SPLIT_SETTINGS["test_ids"], when=SPLIT_SETTINGS["method"] == "lists"),
    output:
        splits=results("inputs/splits.parquet"),
        accounting=results("inputs/accounting-splits.parquet"),
    params:
        settings=SPLIT_SETTINGS,
        seed=config["seed"],
        code=code("gofer.inputs.splits", "gofer.inputs.nearest", "gofer.inputs.schemas"),
    log:
        results("logs/make_splits.log"),
    benchmark:
        results("benchmarks/make_splits.tsv")
    threads: 4
    conda:
        "../envs/inputs.yaml"
    script:
        "../workflow/scripts/make_splits.py"


rule label_terms:
    """Choose few- and zero-shot terms by inputs.term_sets; count training proteins; list what training may see."""
    message:
        "Choosing the sets of terms and the labels"
    input:
        ontology=results("inputs/ontology.parquet"),
        annotations=results("inputs/annotations.parquet"),
        splits=results("inputs/splits.parquet"),
        zero_list=listed(TERM_SET_SETTINGS["zero_list"], when=TERM_SET_SETTINGS["zero_method"] == "list"),
    output:
        term_sets=results("inputs/term_sets.parquet"),
        terms=results("inputs/terms.parquet"),
        pid2pos=results("inputs/pid2pos.parquet"),
        accounting=results("inputs/accounting-labels.parquet"),
    params:
        settings=TERM_SET_SETTINGS,
        relations=config["inputs"]["relations"],
        seed=config["seed"],
        code=code("gofer.inputs.labels", "gofer.inputs.term_sets", "gofer.inputs.schemas"),
    log:
        results("logs/label_terms.log"),
    benchmark:
        results("benchmarks/label_terms.tsv")
    conda:
        "../envs/inputs.yaml"
    script:
        "../workflow/scripts/label_terms.py"
