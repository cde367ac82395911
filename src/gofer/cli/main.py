"""The commands and their options. Nothing heavy is imported here: each command loads what it needs."""

import gc
from pathlib import Path
from typing import Annotated

import typer

import gofer as library
from gofer.cli.running import EXIT_CODES, FAULT, MODEL_HELP, chosen_model, reported

# What a command reads lives to its end: to look for lost objects so often took a sixth of a short prediction's time.
gc.set_threshold(50_000)

app = typer.Typer(
    name="gofer",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="What proteins do, as terms of the Gene Ontology, by a model that the gofer workflow has trained.",
    epilog=EXIT_CODES,
)
ModelOption = Annotated[Path | None, typer.Option("--model", "-m", help=MODEL_HELP, show_default=False)]
ThreadsOption = Annotated[
    int | None, typer.Option("--threads", min=1, help="CPU threads; all cores without it.", show_default=False)
]
TextEncoderOption = Annotated[
    str | None, typer.Option(help="Folder or name of the model's text encoder, if it has moved.", show_default=False)
]
DeviceOption = Annotated[str, typer.Option("--device", help="Of the residue encoder: auto, cpu or cuda.")]


def _version(asked: bool) -> None:
    if asked:
        from gofer.names import SHIPPED_MODEL
        from gofer.retrieval.model_file import VERSION, ModelFile
        from gofer.retrieval.model_worth import worth

        typer.echo(f"gofer {library.__version__}, reads and writes model format {VERSION}")
        if SHIPPED_MODEL.exists():
            file = ModelFile.open(SHIPPED_MODEL)
            lines = worth(file.document("card.json"), file.document("manifest.json")["release"], alone=True)
            typer.echo("\n".join(lines[:1]))
        raise typer.Exit


@app.callback()
def gofer(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Versions of gofer and model format.")
    ] = False,
) -> None:
    """Predict functions of proteins."""


@app.command(
    epilog="Examples:  gofer predict my.fasta -m results/my/model/my.gofer  ·  "
    "gofer predict proteome.fa.gz -m my.gofer -o proteome --precision 70 --slim goslim_generic.obo"
)
def predict(
    fasta: Annotated[Path, typer.Argument(help="Proteins, as FASTA: plain, gz or bz2.", show_default=False)],
    model: ModelOption = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="Folder of the results; without it <name>-predictions.", show_default=False
        ),
    ] = None,
    precision: Annotated[
        int, typer.Option(help="Recommend terms that were right so often in validation, in percent: 50, 70 or 90.")
    ] = 50,
    forms: Annotated[
        str,
        typer.Option(help="Some of tsv, best, cafa, gaf, gpad, gene2term, jsonl, parquet and page, with commas."),
    ] = "all",
    slim: Annotated[
        Path | None,
        typer.Option(help="A GO slim (OBO, or one id per line): also count proteins by its terms.", show_default=False),
    ] = None,
    annotations: Annotated[
        list[Path] | None,
        typer.Option(
            help="What is stated of the proteins already, of any evidence: GAF, GPAD, a table, InterProScan's TSV, and "
            "interpro2go for its entries. May be given several times.",
            show_default=False,
        ),
    ] = None,
    taxon: Annotated[
        str | None,
        typer.Option(
            help="NCBI id of the proteins' taxon, with --lineage, or all ids of its lineage: terms that GO's taxon "
            "constraints rule out are removed.",
            show_default=False,
        ),
    ] = None,
    lineage: Annotated[
        Path | None, typer.Option(help="NCBI's nodes.dmp, or a TSV of taxon and parent.", show_default=False)
    ] = None,
    constraints: Annotated[
        list[Path] | None,
        typer.Option(
            help="OBO with taxon constraints, if the model has none; and one that defines unions of taxa.",
            show_default=False,
        ),
    ] = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace results of another query in the folder.")] = False,
) -> None:
    """Predict terms for the proteins of a FASTA file.

    Writes tables, forms for other tools, index.html to look at, and not_predicted.tsv with the proteins that got no
    recommended term, and why.
    The same command resumes after a stop. No training, and no training data, is needed.
    """
    from gofer.cli.predict_command import predict_file

    predict_file(
        fasta,
        model,
        output,
        precision,
        forms,
        slim,
        annotations or [],
        (taxon, lineage, constraints or []),
        device,
        threads,
        force,
    )


@app.command(
    epilog='Examples:  gofer search "enzymes that cut RNA at uridine" -m my.gofer  ·  '
    "gofer search GO:0004540 -m my.gofer --proteins my.fasta"
)
def search(
    query: Annotated[
        str,
        typer.Argument(help="Free text, a GO id, a known protein's id, or a FASTA file of one.", show_default=False),
    ],
    model: ModelOption = None,
    proteins: Annotated[
        Path | None,
        typer.Option(help="Search the proteins of this FASTA file, not those the model knows.", show_default=False),
    ] = None,
    number: Annotated[int, typer.Option("-n", "--number", min=1, help="Most terms, and most proteins.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write TSV, or JSON, to this file.", show_default=False)
    ] = None,
    page: Annotated[
        Path | None, typer.Option(help="Write a page with links, HTML, to this file too.", show_default=False)
    ] = None,
    text_encoder: TextEncoderOption = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
) -> None:
    """Find the terms and proteins that are closest to a text, a term or a protein.

    Prints a table on a terminal, and TSV when piped.
    """
    from gofer.cli.search_command import print_closest

    with reported():
        print_closest(
            query, chosen_model(model), proteins, number, as_json, output, page, text_encoder, device, threads
        )


@app.command(
    epilog="Examples:  gofer explain my.fasta GO:0004540 -m my.gofer  ·  "
    "gofer explain P12345 GO:0004540 GO:0003723 -m my.gofer --structure AF-P12345.cif"
)
def explain(
    protein: Annotated[
        str, typer.Argument(help="A FASTA file of one protein, or the id of a known protein.", show_default=False)
    ],
    terms: Annotated[list[str], typer.Argument(help="One or several GO ids.", show_default=False)],
    model: ModelOption = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Folder; without it <protein>-explained.", show_default=False),
    ] = None,
    structure: Annotated[
        Path | None,
        typer.Option(help="PDB or mmCIF: copies get the values as B-factors.", show_default=False),
    ] = None,
    chain: Annotated[
        str | None,
        typer.Option(help="Of the structure; without it all chains that are the protein.", show_default=False),
    ] = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
) -> None:
    """Explain a protein's scores: which part comes from relatives, which from its residues, and from which.

    Writes tables, a picture of the sequence for each term and, with a structure, scripts for PyMOL and ChimeraX.
    """
    from gofer.cli.explain_command import explain_terms

    with reported():
        explain_terms(protein, terms, chosen_model(model), output, structure, chain, device, threads)


@app.command(epilog="Example:  gofer serve -m my.gofer   then open http://127.0.0.1:8765/ in a browser")
def serve(
    model: ModelOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on; any other than loopback lets others in.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8765,
    name: Annotated[
        list[str] | None,
        typer.Option(help="A further name by which browsers may call this computer.", show_default=False),
    ] = None,
    proteins: Annotated[int, typer.Option(min=1, help="Most proteins of a query.")] = 200,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
) -> None:
    """Serve a web page on this computer: paste sequences or a description, and look at what was found."""
    from gofer.cli.serve_command import serve_model

    with reported():
        serve_model(chosen_model(model), host, port, name or [], proteins, device, threads)


@app.command(epilog="Example:  gofer info results/my/model/my.gofer")
def info(
    model: Annotated[Path | None, typer.Argument(help=MODEL_HELP, show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Print the facts about a model: releases, sizes, quality on validation proteins, and cutoffs."""
    from gofer.cli.info_command import described

    with reported():
        typer.echo(described(chosen_model(model), as_json=as_json))


@app.command(epilog="Example:  gofer selftest -m results/my/model/my.gofer")
def selftest(model: ModelOption = None, device: DeviceOption = "auto", threads: ThreadsOption = None) -> None:
    """Check that a model works here: checksums, encoder, and known proteins that must come out as they are known."""
    from gofer.cli.selftest_command import all_hold

    with reported():
        if not all_hold(chosen_model(model), device, threads):
            raise typer.Exit(FAULT)


@app.command(epilog="Example:  gofer pack results/my  makes  results/my/model/my.gofer")
def pack(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run, results/<run>.", show_default=False)],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="The file; RUN/model/<run>.gofer without it.", show_default=False),
    ] = None,
    known: Annotated[str, typer.Option(help="Whose labels predictions use: all annotated proteins, or train.")] = "all",
    min_score: Annotated[float, typer.Option(min=0, max=1, help="Lower scores are left out.")] = 0.01,
    max_terms: Annotated[int, typer.Option(min=1, help="Most terms per protein.")] = 500,
    small: Annotated[
        bool, typer.Option("--small", help="Without known proteins, a tenth of the size: to ship with gofer.")
    ] = False,
    trained_on: Annotated[str, typer.Option(help="What the proteins are, in words, for the card.")] = "",
    encoder: Annotated[
        str | None, typer.Option(help="File of the residue encoder, if the run was given one.", show_default=False)
    ] = None,
) -> None:
    """Make the model file of a run that has none. The workflow makes one by itself, with the settings of its config."""
    from gofer.cli.pack_command import pack_folder

    with reported():
        typer.echo(pack_folder(run, output, known, min_score, max_terms, small, trained_on, encoder))


@app.command(epilog="Examples:  gofer download swissprot go  ·  gofer download go --release 2022-07-01 --to data")
def download(
    names: Annotated[list[str] | None, typer.Argument(help="Sources; none lists them.", show_default=False)] = None,
    release: Annotated[
        str | None, typer.Option(help="As the source calls it; without it the current one.", show_default=False)
    ] = None,
    to: Annotated[
        Path | None, typer.Option(help="A folder in which links to the files are made.", show_default=False)
    ] = None,
) -> None:
    """Download Swiss-Prot, GOA or the Gene Ontology into the cache folder, and print the paths of the files.

    A file that is there is not downloaded again, and a stopped download resumes. Checksums are compared.
    """
    from gofer.cli.download_command import described, download_all

    with reported("; the same command resumes"):
        typer.echo(download_all(names, release, to) if names else described())


@app.command(
    "update-go",
    epilog="Example:  gofer update-go go-basic.obo -m my.gofer  makes  my-go_2022-07-01.gofer and a list of changes",
)
def update_go(
    ontology: Annotated[Path, typer.Argument(help="The new release: OBO, plain, gz or bz2.", show_default=False)],
    model: ModelOption = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="The new model; without it next to the old one.", show_default=False),
    ] = None,
    any_release: Annotated[
        bool, typer.Option("--any-release", help="Take the model's own release again, or an older one.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the files if they exist.")] = False,
    text_encoder: TextEncoderOption = None,
    text_cache: Annotated[
        Path | None,
        typer.Option(
            help="Text vectors of runs, results/cache/texts: what is there is not embedded.", show_default=False
        ),
    ] = None,
    threads: ThreadsOption = None,
) -> None:
    """Make a model for a new release of the Gene Ontology, without training.

    Embeds the texts that changed, moves labels of merged and obsolete terms, and lists all changes in a table.
    """
    from gofer.cli.update_command import update_model

    with reported():
        typer.echo(
            update_model(ontology, chosen_model(model), output, any_release, force, text_encoder, text_cache, threads)
        )


bank = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="Known proteins that you add to a model.")
app.add_typer(bank, name="bank")


@bank.command(
    epilog="Examples:  gofer bank add --from swissprot-2014  ·  gofer bank add --from my.fasta my.gaf -m M  ·  "
    "gofer bank add --from results/run -m M"
)
def add(
    source: Annotated[
        str,
        typer.Option(
            "--from",
            help="swissprot-2014 or uniprot (downloaded), a FASTA file, or the folder of a run, results/<run>.",
            show_default=False,
        ),
    ],
    annotations: Annotated[
        list[Path] | None,
        typer.Argument(help="For a FASTA file: GAFs, GPADs, tables, or entries of UniProt.", show_default=False),
    ] = None,
    model: ModelOption = None,
    name: Annotated[
        str | None,
        typer.Option(help="Of the bank; without it that of the source, file or run.", show_default=False),
    ] = None,
    leave_out: Annotated[
        Path | None,
        typer.Option(
            help="A file of ids, one per line: these, and all with the same sequence, are left out.", show_default=False
        ),
    ] = None,
    embed: Annotated[
        bool | None,
        typer.Option(help="Whether proteins get a vector; without it, if they are few.", show_default=False),
    ] = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
) -> None:
    """Add annotated proteins to a model: from then on every prediction by it uses them."""
    from gofer.cli.bank_command import add_from

    with reported("; the same command resumes a download"):
        path = chosen_model(model)
        typer.echo(add_from(source, annotations or [], path, name, leave_out, embed, device, threads))


@bank.command("list", epilog="Example:  gofer bank list -m my.gofer")
def list_banks(model: ModelOption = None) -> None:
    """List the banks that were added to a model."""
    from gofer.cli.bank_command import listed

    with reported():
        typer.echo(listed(chosen_model(model)))


@bank.command(epilog="Example:  gofer bank remove my -m my.gofer")
def remove(
    name: Annotated[str, typer.Argument(help="Of the bank.", show_default=False)], model: ModelOption = None
) -> None:
    """Remove a bank from a model."""
    from gofer.cli.bank_command import removed

    with reported():
        typer.echo(removed(name, chosen_model(model)))
