"""`gofer explain`: a few lines of each term on the terminal, the rest in a folder."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from gofer.cli.running import use_threads
from gofer.errors import GoferError

if TYPE_CHECKING:
    from gofer.explain.explanation import Explanation, TermNotes

HALF = 0.5


def explain_terms(
    named: str,
    go_ids: list[str],
    model: Path,
    output: Path | None,
    structure: Path | None,
    chain: str | None,
    device: str,
    threads: int | None,
) -> None:
    """Explain, print and write; the options are those of the command.

    Raises:
        GoferError: The protein, a term, the structure or the model is at fault.
    """
    number = use_threads(threads)
    if chain is not None and structure is None:
        raise GoferError(f"--chain {chain} is of no structure", help="name the file with --structure")
    import torch

    from gofer.artefacts import write_text
    from gofer.config.files import query_name
    from gofer.explain.explanation import chosen_protein, explain
    from gofer.explain.residue_track import residue_track
    from gofer.explain.structure_values import ProteinStructure, write_values
    from gofer.retrieval.predictor import SYNTHETIC, Predictor
    from gofer.retrieval.trained_model import TrainedModel

    torch.set_num_threads(number)
    opened = TrainedModel(model)
    if opened.card["synthetic"]:
        typer.echo(f"warning: the model {opened.name} was {SYNTHETIC}", err=True)
    predictor = Predictor(opened, device=device)
    protein = chosen_protein(predictor, named)
    coordinates = None if structure is None else ProteinStructure.read(structure, protein.sequence, chain)
    found = explain(predictor, protein, [go_id.upper() for go_id in go_ids])
    folder = output or Path(f"{query_name(protein.protein_id)}-explained")
    paths = found.write(folder)
    rows_of = dict(list(found.residues.groupby("go_id")))
    for notes in found.notes:
        title = f"{protein.protein_id}: {notes.go_id} {notes.name}, score {notes.score:.2f}"
        paths.append(folder / f"{_plain(notes.go_id)}.svg")
        write_text(paths[-1], residue_track(title, rows_of[notes.go_id], notes.evidence))
        typer.echo(in_words(found, notes))
    if coordinates is not None:
        values = {"attention": rows_of[found.notes[0].go_id]["attention"].to_numpy()}
        values |= {_plain(go_id): rows["cosine_drop"].to_numpy() for go_id, rows in rows_of.items()}
        paths += write_values(folder, coordinates, values)
        for one in coordinates.chains:
            typer.echo(str(one))
    typer.echo(f"{len(paths)} files: {folder}")


def in_words(found: "Explanation", notes: "TermNotes") -> str:
    """What explains one term's score, in a few lines."""
    parts = found.parts[found.parts["go_id"] == notes.go_id].set_index("part")["adds"]
    average, *added = (f"{name} {value:+.3f}" for name, value in parts.items())
    lines = [f"{found.protein.protein_id}, {notes.go_id} {notes.name}: score {notes.score:.3f}"]
    lines += [f"  parts: {average.replace('+', '')}, {', '.join(added)}"]
    if notes.same_as:
        lines += [f"  this is the score of {notes.same_as}, which is more specific: explain that one"]
    return "\n".join([*lines, f"  relatives: {_relatives(found, notes)}", f"  residues: {_residues(notes)}"])


def _relatives(found: "Explanation", notes: "TermNotes") -> str:
    if not found.known_proteins:
        return "the model holds no known protein; gofer bank add gives it some"
    if not found.aligned:
        return f"none of the {found.known_proteins:,} known proteins aligns"
    rows = found.relatives[found.relatives["go_id"] == notes.go_id]
    most = rows.loc[(rows["score_without"] - notes.score).abs().idxmax()]
    known = " The protein itself is known to the model, so its own labels count." if found.known else ""
    has = "has" if most["has_term"] == "yes" else "does not have"
    with_term = (rows["has_term"] == "yes").sum()
    return (
        f"{found.aligned} known sequences align; of the {len(rows)} most similar {with_term} have the term. "
        f"Most depends on {most['protein_id']} ({most['identity']:.0%} identical, {has} the term): "
        f"without it the score would be {most['score_without']:.3f}.{known}"
    )


def _residues(notes: "TermNotes") -> str:
    from gofer.retrieval.residue_evidence import as_text

    if not notes.evidence:
        return "masking no window lowers the cosine with the term"
    if notes.without_evidence is None:
        return f"{as_text(notes.evidence)}: the whole protein"
    text = f"{as_text(notes.evidence)}; without them, and with the same labels, {notes.without_evidence:.3f}."
    if notes.deletion is None:
        return text
    worse = sum(notes.deletion < other for other in notes.deletion_by_chance)
    draws = len(notes.deletion_by_chance)
    doubt = "" if worse > HALF * draws else " Do not rely on these residues."
    return f"{text} Removed in this order, they matter more than {worse} of {draws} random stretches.{doubt}"


def _plain(go_id: str) -> str:
    return go_id.replace(":", "_")
