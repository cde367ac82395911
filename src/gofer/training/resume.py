"""The state from which a stopped stage resumes, written next to its outputs every few minutes.

Two files are kept, the newest and the one before. Each is written atomically and has a checksum, so that a kill while
writing, a truncated file or a flipped bit costs at most one of them. The folder is not an output of a rule: Snakemake
deletes those of a failed job.
"""

import json
import logging
import os
import shutil
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from torch import Tensor

from gofer.errors import ArtefactError
from gofer.training.checkpoint import DAMAGED, read_tensors, write_tensors

NEWEST, BEFORE = "state.safetensors", "state-before.safetensors"
TRY_AGAIN = os.EX_TEMPFAIL  # 75: not a fault, run the job again

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class StageState:
    """Everything that decides how a stage continues.

    Attributes:
        tensors: Weights, moments, random state, the epoch's order.
        plain: Everything else, as JSON holds it.
    """

    tensors: dict[str, Tensor]
    plain: dict[str, Any]

    def below(self, start: str) -> dict[str, Tensor]:
        """The tensors whose names begin with `start`, by the rest of the name."""
        return {name.removeprefix(start): value for name, value in self.tensors.items() if name.startswith(start)}


class ResumePoint:
    """The files of a stage's state.

    Args:
        folder: Holds nothing else.
        about: What the state must have been made from, by name: settings, data, code.
        minutes: Minutes between two writes of the state.
        writes: Whether this process writes the state; of several that train together only one does.

    Raises:
        ArtefactError: There is a state, but none of its files can be read.
    """

    def __init__(self, folder: Path | str, about: Mapping[str, Any], *, minutes: float, writes: bool = True) -> None:
        self.folder, self.minutes, self.writes = Path(folder), minutes, writes
        self.about = {name: str(value) for name, value in about.items()}
        self.state = self._read()
        self._last = time.monotonic()
        self.stopping = False  # a stop was requested; `_StageRun` makes it the same in all processes

    def __enter__(self) -> "ResumePoint":
        """Take SIGTERM and Ctrl-C as requests to stop after the current step."""
        stops = (signal.SIGTERM, signal.SIGINT)
        self._handlers = {number: signal.signal(number, self._request_stop) for number in stops}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def _request_stop(self, number: int, _: FrameType | None) -> None:
        logger.info("%s: checkpointing after this step", signal.Signals(number).name)
        self.stopping = True

    def due(self) -> bool:
        """Whether the state should be kept now."""
        return self.stopping or time.monotonic() - self._last >= 60 * self.minutes

    def keep(self, state: StageState) -> None:
        """Write the state.

        Raises:
            SystemExit: A stop was requested; its status is `TRY_AGAIN`.
        """
        newest = self.folder / NEWEST
        if self.writes:
            if newest.exists():
                os.replace(newest, self.folder / BEFORE)
            write_tensors(newest, state.tensors, {"about": json.dumps(self.about), "plain": json.dumps(state.plain)})
        self._last = time.monotonic()
        if self.stopping:
            logger.info("stopped; run snakemake again to resume")
            raise SystemExit(TRY_AGAIN)

    def clear(self) -> None:
        """Delete the state: the outputs of the stage are written."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _read(self) -> StageState | None:
        faults = []
        for path in (self.folder / NEWEST, self.folder / BEFORE):
            if path.exists():
                try:
                    tensors, facts = read_tensors(path)
                    about, plain = json.loads(facts["about"]), json.loads(facts["plain"])
                except FileNotFoundError:  # another process has just set it aside
                    continue
                except DAMAGED as error:
                    faults.append(f"{path} ({error})")
                    logger.warning("%s cannot be read (%s)", path, error)
                    continue
                return StageState(tensors, plain) if self._is_ours(about) else None
        if faults:
            raise ArtefactError(
                f"the state of a stopped stage cannot be read: {'; '.join(faults)}",
                help=f"delete {self.folder} to start the stage again",
            )
        return None

    def _is_ours(self, about: Mapping[str, str]) -> bool:
        # A state of other settings, data or code is kept next to the folder, and the stage begins anew.
        names = [name for name in sorted({*about, *self.about}) if about.get(name) != self.about.get(name)]
        if not names:
            return True
        changes = "; ".join(
            f"{name} was {about.get(name, 'not there')}, is {self.about.get(name, 'not there')}" for name in names[:5]
        )
        logger.warning(
            "begins anew: %s is from a stopped run of other settings, data or code: %s%s; it is kept as %s",
            self.folder,
            changes,
            "; …" if len(names) > 5 else "",
            self.aside,
        )
        if self.writes:
            shutil.rmtree(self.aside, ignore_errors=True)
            os.replace(self.folder, self.aside)
        return False

    @property
    def aside(self) -> Path:
        """Where a state of other settings is kept; only the last one."""
        return self.folder.with_name(f"{self.folder.name}-of-other-settings")


def flat(settings: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Nested settings with dotted names."""
    found: dict[str, Any] = {}
    for key, value in settings.items():
        name = f"{above}{key}"
        found |= flat(value, f"{name}.") if isinstance(value, Mapping) else {name: value}
    return found
