"""Lines of a Gene Association File 2.0 to 2.2: http://geneontology.org/docs/go-annotation-file-gaf-format-2.2/."""

from gofer.errors import GoferError
from gofer.inputs.annotations.annotation_line import Line, checked

COLUMNS = 15  # of 17: annotation extension and gene product form may be absent
FORM = 16


def gaf_line(fields: list[str]) -> Line:
    """The annotation of a line.

    Raises:
        GoferError: Too few columns, no object id, no GO id.
    """
    if len(fields) < COLUMNS:
        raise GoferError(
            f"{len(fields)} tab-separated columns, a GAF has at least {COLUMNS}",
            help="is the line broken? give a GAF 2.0, 2.1 or 2.2",
        )
    form = fields[FORM].strip() if len(fields) > FORM else ""
    return checked(
        Line(
            object_id=fields[1].strip(),
            go_id=fields[4].strip(),
            qualifiers=fields[3].strip(),
            evidence=fields[6].strip(),
            date=fields[13].strip(),
            source=fields[14].strip(),
            symbol=fields[2].strip(),
            form=form.partition(":")[2] or form,
            taxon=fields[12].partition("|")[0].strip(),  # a second one is of the organism that it acts on
        )
    )
