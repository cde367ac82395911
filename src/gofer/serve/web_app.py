"""The pages of the web app, and who may ask for them.

The answer to every request says what a browser may do with it: nothing but show it, with the style of this app. Only
requests to a known host are answered, since a name on the internet may point at this computer (DNS rebinding). Only a
form of this app may ask for work, since any page may send a form anywhere (cross-site request forgery).
"""

import hmac
import logging
import secrets
from collections.abc import Collection

from flask import Flask, Response, abort, redirect, render_template, request, send_file, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from gofer.errors import GoferError
from gofer.retrieval.predictor import SYNTHETIC
from gofer.serve.jobs import DONE, FAILED, FAULT, Jobs, TooManyError
from gofer.tables import PREDICTION_FILES

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
# The page of predictions has a policy of its own within it, with the digests of its scripts; both hold.
OF_THE_PAGE = "object-src 'none'; connect-src 'none'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # without a referrer a browser sends the origin of its forms as null
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
FORM = "application/x-www-form-urlencoded"
SEE_OTHER, BAD_REQUEST, FORBIDDEN, NOT_FOUND, WRONG_TYPE, WRONG_HOST = 303, 400, 403, 404, 415, 421
TOO_MANY, SERVER_FAULT = 429, 500
GONE = "There is no such query, or its results were deleted."

log = logging.getLogger(__name__)


def web_app(jobs: Jobs, hosts: Collection[str]) -> Flask:
    """The app, as a WSGI application.

    Args:
        jobs: The queue.
        hosts: What the header Host may be, in lower case: name and port.
    """
    app = Flask(__name__, static_folder=None, template_folder="pages")
    # A form may name a text of this size, and no request may be larger.
    app.config.update(MAX_CONTENT_LENGTH=jobs.limits.body, MAX_FORM_MEMORY_SIZE=jobs.limits.body, MAX_FORM_PARTS=10)
    app.jinja_env.autoescape = True  # Flask escapes by the ending of the template's name, and not in .html.j2
    token, model = secrets.token_urlsafe(32), jobs.predictor.model
    facts = {
        "model": model.name,
        "warning": f"This model was {SYNTHETIC}." if model.card["synthetic"] else "",
        "limits": jobs.limits,
        "token": token,
    }

    @app.before_request
    def refuse_others() -> None:
        if request.host.lower() not in hosts:
            abort(WRONG_HOST)
        if request.method == "POST":
            _refuse_forged(token, hosts)

    @app.after_request
    def say_what_is_allowed(response: Response) -> Response:
        response.headers.update(HEADERS)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> tuple[str, int]:
        return render_template(
            "message.html.j2", title=error.name, text=error.description or "", **facts
        ), error.code or 500

    @app.errorhandler(Exception)
    def broken(error: Exception) -> tuple[str, int]:
        log.error("%s %s", request.method, request.path, exc_info=error)
        return render_template("message.html.j2", title="Fault", text=FAULT, **facts), SERVER_FAULT

    @app.get("/")
    def begin() -> str:
        return render_template("begin.html.j2", text="", fault="", **facts)

    @app.get("/style.css")
    def style() -> Response:
        return Response(render_template("style.css"), mimetype="text/css")

    @app.post("/jobs")
    def ask() -> AnyResponse | tuple[str, int]:
        text = request.form.get("text", "")
        try:
            job = jobs.ask(text, request.remote_addr or "")
        except GoferError as error:
            code = TOO_MANY if isinstance(error, TooManyError) else BAD_REQUEST
            return render_template("begin.html.j2", text=text, fault=str(error), **facts), code
        return redirect(url_for("look", job_id=job.job_id), SEE_OTHER)

    @app.get("/jobs/<job_id>")
    def look(job_id: str) -> str:
        job = jobs.find(job_id) or abort(NOT_FOUND, GONE)
        if job.state == FAILED:
            return render_template("message.html.j2", title="Not done", text=job.message, **facts)
        if job.state != DONE:
            return render_template("waiting.html.j2", job=job, ahead=jobs.ahead(job), **facts)
        rows = [] if job.closest is None else job.closest.to_dict("records")
        page = PREDICTION_FILES.get("page")
        return render_template("done.html.j2", job=job, rows=rows, page=page if page in job.files else None, **facts)

    @app.get("/jobs/<job_id>/<name>")
    def give(job_id: str, name: str) -> Response:
        job = jobs.find(job_id) or abort(NOT_FOUND, GONE)
        path = job.files.get(name) or abort(NOT_FOUND)
        is_page = name == PREDICTION_FILES.get("page")
        kind = "text/html" if is_page else "application/octet-stream"
        response = send_file(path.resolve(), mimetype=kind, as_attachment=not is_page)
        response.headers["Content-Security-Policy"] = OF_THE_PAGE if is_page else POLICY
        return response

    return app


def _refuse_forged(token: str, hosts: Collection[str]) -> None:
    origin = request.headers.get("Origin")
    if origin is not None and origin.lower() not in {f"http://{host}" for host in hosts}:
        abort(FORBIDDEN, "This form is of another site.")
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        abort(FORBIDDEN, "This form is of another site.")
    if request.mimetype != FORM:
        abort(WRONG_TYPE)
    if not hmac.compare_digest(request.form.get("token", "").encode(), token.encode()):
        abort(FORBIDDEN, "This form is of an earlier start of gofer serve: load the page again.")
