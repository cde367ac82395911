# Inputs: the user's files, read strictly, and the tables made from them before any model.
#
# Inputs:   the files that the config names: proteins (FASTA), ontology (OBO), annotations (tables, GAFs, GPADs), lists of ids
# Outputs:  inputs/{proteins,ontology,obsolete,annotations,splits,term_sets,terms,pid2pos}.parquet
#           inputs/known_hits.parquet          the known proteins that DIAMOND finds for each val and test protein
#           inputs/own_annotations.parquet     with judged_annotations: what the annotation files state about the judged proteins
#           inputs/accounting-{proteins,ontology,annotations,splits,labels}.parquet   what was read, kept or dropped, and why
#           with judged_annotations: inputs/{judged_annotations,accounting-judged}.parquet
#           with previous_ontology: inputs/{release_changes,previous_terms,accounting-release}.parquet, release_changes.tsv
# Steps:    check (by name only); (make_demo_world, or with download: download_data ->) read_proteins, read_ontology -> (read_judged_annotations ->) read_annotations -> make_splits -> label_terms, search_known;
#           read_ontology -> compare_releases (only with previous_ontology)

SPLIT_SETTINGS = config["inputs"]["splits"]
TERM_SET_SETTINGS = config["inputs"]["term_sets"]
LABEL_SETTINGS = config["inputs"]["labels"]
ZERO_LIST = listed(TERM_SET_SETTINGS["zero_list"], when=TERM_SET_SETTINGS["zero_method"] == "list")
JUDGED_ANNOTATIONS = results("inputs/judged_annotations.parquet") if config["judged_annotations"] else []
OWN_ANNOTATIONS = {"own_annotations": results("inputs/own_annotations.parquet")} if config["judged_annotations"] else {}


if "demo" in config:

    rule make_demo_world:
        """Generate the demo's files: demo.proteins synthetic proteins with planted motifs, a mini-ontology, annotations."""
        message:
            "Making the demo data"
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
            code=code("gofer.inputs.demo.demo_world"),
        log:
            results("logs/make_demo_world.log"),
        benchmark:
            results("benchmarks/make_demo_world.tsv")
        conda:
            "../envs/inputs.yaml"
        script:
            "../workflow/scripts/make_demo_world.py"


if config["download"]:

    rule download_data:
        """Download the sources of the config key download into the user's cache folder, and link their files into the
        folder data; resumed, checked, and shared by all runs."""
        message:
            "Downloading the data"
        output:
            DOWNLOADED,
        params:
            sources=config["download"],
            folder=config["data"],
        log:
            results("logs/download_data.log"),
        benchmark:
            results("benchmarks/download_data.tsv")
        conda:
            "../envs/inputs.yaml"
        localrule: True
        script:
            "../workflow/scripts/download_data.py"


rule check:
    """Read every input, look for models, disk and programs, and report all problems at once; run by name only."""
    message:
        "Checking the inputs"
    input:
        protein_files(config),
        annotation_files(config),
        data_file(config["ontology"]),
        listed(config["previous_ontology"]),
    params:
        code=code("gofer.check"),
    log:
        results("logs/check.log"),
    conda:
        "../envs/inputs.yaml"
    localrule: True
    script:
        "../workflow/scripts/check.py"


rule read_proteins:
    """Check the FASTA files (plain, gz, bz2) within limits; keep those of inputs.keep_ids, without those of
    inputs.leave_out_ids and their sequences, if these are given."""
    message:
        "Reading the proteins"
    input:
        fasta=protein_files(config),
        keep_ids=listed(config["inputs"]["keep_ids"]),
        leave_out_ids=listed(config["inputs"]["leave_out_ids"]),
    output:
        proteins=results("inputs/proteins.parquet"),
        accounting=results("inputs/accounting-proteins.parquet"),
    params:
        read=read(*protein_files(config), listed(config["inputs"]["keep_ids"]), listed(config["inputs"]["leave_out_ids"])),
        code=code("gofer.inputs.proteins.protein_table", "gofer.inputs.schemas"),
    log:
        results("logs/read_proteins.log"),
    benchmark:
        results("benchmarks/read_proteins.tsv")
    conda:
        "../envs/inputs.yaml"
    script:
        "../workflow/scripts/read_proteins.py"


rule read_ontology:
    """Check the OBO file, then read its live terms with goatools; parents in other aspects by inputs.across_aspects."""
    message:
        "Reading the Gene Ontology"
    input:
        obo=data_file(config["ontology"]),
    output:
        ontology=results("inputs/ontology.parquet"),
        obsolete=results("inputs/obsolete.parquet"),
        taxon_constraints=results("inputs/taxon_constraints.parquet"),
        accounting=results("inputs/accounting-ontology.parquet"),
    params:
        read=read(data_file(config["ontology"])),
        settings={key: config["inputs"][key] for key in ("relations", "across_aspects")},
        code=code("gofer.inputs.ontology.term_table", "gofer.inputs.schemas"),
    log:
        results("logs/read_ontology.log"),
    benchmark:
        results("benchmarks/read_ontology.tsv")
    conda:
        "../envs/inputs.yaml"
    script:
        "../workflow/scripts/read_ontology.py"


if config["previous_ontology"]:

    rule compare_releases:
        """List what changed since the release previous_ontology: terms added, removed, moved, redefined and renamed."""
        message:
            "Comparing the ontology with its older release"
        input:
            previous=data_file(config["previous_ontology"]),
            ontology=results("inputs/ontology.parquet"),
            obsolete=results("inputs/obsolete.parquet"),
        output:
            changes=results("inputs/release_changes.parquet"),
            readable=report(
                results("inputs/release_changes.tsv"), caption="../workflow/report/release.rst", category="Inputs"
            ),
            previous_terms=results("inputs/previous_terms.parquet"),
            accounting=results("inputs/accounting-release.parquet"),
        params:
            read=read(data_file(config["previous_ontology"])),
            code=code("gofer.inputs.ontology.releases", "gofer.inputs.schemas"),
        log:
            results("logs/compare_releases.log"),
        benchmark:
            results("benchmarks/compare_releases.tsv")
        conda:
            "../envs/inputs.yaml"
        script:
            "../workflow/scripts/compare_releases.py"


if config["judged_annotations"]:

    rule read_judged_annotations:
        """Read the annotations that val and test proteins are judged by; the proteins in them are the judged ones."""
        message:
            "Reading the judged annotations"
        input:
            annotations=judged_annotation_files(config),
            proteins=results("inputs/proteins.parquet"),
            ontology=results("inputs/ontology.parquet"),
            obsolete=results("inputs/obsolete.parquet"),
        output:
            annotations=results("inputs/judged_annotations.parquet"),
            accounting=results("inputs/accounting-judged.parquet"),
        params:
            read=read(*judged_annotation_files(config)),
            settings={key: config["inputs"][key] for key in ("evidence_codes", "relations", "max_unknown_terms")},
            code=code("gofer.inputs.annotations.annotation_tables", "gofer.inputs.schemas"),
        log:
            results("logs/read_judged_annotations.log"),
        benchmark:
            results("benchmarks/read_judged_annotations.tsv")
        conda:
            "../envs/inputs.yaml"
        script:
            "../workflow/scripts/read_judged_annotations.py"


rule read_annotations:
    """Keep annotations with inputs.evidence_codes, with method date only those known in time; propagate along inputs.relations."""
    message:
        "Reading the annotations"
    input:
        annotations=annotation_files(config),
        proteins=results("inputs/proteins.parquet"),
        ontology=results("inputs/ontology.parquet"),
        obsolete=results("inputs/obsolete.parquet"),
        judged=JUDGED_ANNOTATIONS,
    output:
        **OWN_ANNOTATIONS,
        annotations=results("inputs/annotations.parquet"),
        accounting=results("inputs/accounting-annotations.parquet"),
    params:
        read=read(*annotation_files(config)),
        settings={key: config["inputs"][key] for key in ("evidence_codes", "relations", "max_unknown_terms")},
        days={key: SPLIT_SETTINGS[key] for key in ("val_from", "test_from", "later") if SPLIT_SETTINGS["method"] == "date"},
        code=code(
            "gofer.inputs.annotations.annotation_tables",
            "gofer.inputs.annotations.judged",
            "gofer.inputs.ontology.propagation",
            "gofer.inputs.splits.split_dates",
            "gofer.inputs.schemas",
        ),
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
        judged=JUDGED_ANNOTATIONS,
        lists=[path for paths in split_lists(config).values() for path in paths],
    output:
        splits=results("inputs/splits.parquet"),
        accounting=results("inputs/accounting-splits.parquet"),
    params:
        read=read(*(path for paths in split_lists(config).values() for path in paths)),
        settings=SPLIT_SETTINGS,
        lists=split_lists(config),
        seed=config["seed"],
        code=code("gofer.inputs.splits.protein_splits", "gofer.inputs.splits.nearest", "gofer.inputs.schemas"),
    log:
        results("logs/make_splits.log"),
    benchmark:
        results("benchmarks/make_splits.tsv")
    threads: up_to(4)
    conda:
        "../envs/inputs.yaml"
    script:
        "../workflow/scripts/make_splits.py"


rule search_known:
    """Search the val and test proteins among those of which labels may be used, once for all that transfer labels; without
    DIAMOND, a table without rows."""
    message:
        "Searching the val and test proteins among those with labels (DIAMOND)"
    input:
        proteins=results("inputs/proteins.parquet"),
        splits=results("inputs/splits.parquet"),
    output:
        known_hits=results("inputs/known_hits.parquet"),
    params:
        code=code("gofer.inputs.proteins.known_hits", "gofer.inputs.proteins.candidates"),
    log:
        results("logs/search_known.log"),
    benchmark:
        results("benchmarks/search_known.tsv")
    threads: up_to(4)
    conda:
        "../envs/diamond.yaml"
    script:
        "../workflow/scripts/search_known.py"


rule label_terms:
    """Choose few- and zero-shot terms by inputs.term_sets; count training proteins; list what training may see, and which of
    it are positives by inputs.labels."""
    message:
        "Choosing the sets of terms and the labels"
    input:
        ontology=results("inputs/ontology.parquet"),
        annotations=results("inputs/annotations.parquet"),
        splits=results("inputs/splits.parquet"),
        zero_list=ZERO_LIST,
        few_list=listed(TERM_SET_SETTINGS["few_list"]),
        stoplist=listed(LABEL_SETTINGS["stoplist"]),
        previous_terms=results("inputs/previous_terms.parquet") if TERM_SET_SETTINGS["zero_method"] == "release" else [],
    output:
        term_sets=results("inputs/term_sets.parquet"),
        terms=results("inputs/terms.parquet"),
        pid2pos=results("inputs/pid2pos.parquet"),
        accounting=results("inputs/accounting-labels.parquet"),
    params:
        read=read(ZERO_LIST, listed(TERM_SET_SETTINGS["few_list"]), listed(LABEL_SETTINGS["stoplist"])),
        settings={"term_sets": TERM_SET_SETTINGS, "labels": LABEL_SETTINGS},
        relations=config["inputs"]["relations"],
        seed=config["seed"],
        code=code(
            "gofer.inputs.label_matrix",
            "gofer.inputs.splits.label_tables",
            "gofer.inputs.splits.term_sets",
            "gofer.inputs.schemas",
        ),
    log:
        results("logs/label_terms.log"),
    benchmark:
        results("benchmarks/label_terms.tsv")
    conda:
        "../envs/inputs.yaml"
    script:
        "../workflow/scripts/label_terms.py"


# With later: test, or in a judged split with test_from, annotations from before that day are not to be predicted.
DATED = config["inputs"]["splits"]
JUDGED_SPLIT = DATED["method"] == "judged"
KNOWN_BEFORE = DATED["test_from"] if JUDGED_SPLIT or (DATED["method"], DATED["later"]) == ("date", "test") else None


rule make_ground_truth:
    """Join, once for all methods, the labels of validation and test proteins with the term sets, the vocabulary
    evaluation.terms, the sets evaluation.protein_sets and, with inputs.splits.later test or a judged split with test_from,
    what was known before."""
    message:
        "Joining the ground truth"
    input:
        ontology=results("inputs/ontology.parquet"),
        obsolete=results("inputs/obsolete.parquet"),
        annotations=results("inputs/annotations.parquet"),
        splits=results("inputs/splits.parquet"),
        terms=results("inputs/terms.parquet"),
        term_sets=results("inputs/term_sets.parquet"),
        listed=listed(config["evaluation"]["terms"]),
        sets=[source["path"] for source in protein_sets(config)],
    output:
        truth_labels=results("inputs/truth_labels.parquet"),
        truth_terms=results("inputs/truth_terms.parquet"),
    params:
        read=read(listed(config["evaluation"]["terms"]), *(source["path"] for source in protein_sets(config))),
        terms=listed(config["evaluation"]["terms"]) or None,
        protein_sets=protein_sets(config),
        known_before=KNOWN_BEFORE,
        whole=JUDGED_SPLIT,
        relations=config["inputs"]["relations"],
        code=code("gofer.inputs.ground_truth", "gofer.inputs.splits.term_lists"),
    log:
        results("logs/make_ground_truth.log"),
    benchmark:
        results("benchmarks/make_ground_truth.tsv")
    conda:
        "../envs/inputs.yaml"
    script:
        "../workflow/scripts/make_ground_truth.py"
