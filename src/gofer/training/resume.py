"""Where a stage can go on after it was stopped at any moment: its state, kept beside its outputs every few minutes.

Two files are kept, the newest and the one before. Each is written atomically and carries a checksum, so that a kill
while writing, a cut or a flipped bit costs at most one of them. The folder is no output of a rule: Snakemake deletes
those of a failed job.
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
    """All that decides how a stage goes on.

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
    """The place of a stage's state.

    Args:
        folder: Holds the state alone.
        about: What the state must have been made from, by name: settings, data, code.
        minutes: The state is due again after so many.
        writes: Whether this process keeps the state; of several that train together only one does.

    Raises:
        ArtefactError: There is a state, but it was made from something else, or neither of its files can be read.
    """

    def __init__(self, folder: Path | str, about: Mapping[str, Any], *, minutes: float, writes: bool = True) -> None:
        self.folder, self.minutes, self.writes = Path(folder), minutes, writes
        self.about = {name: str(value) for name, value in about.items()}
        self.state = self._read()
        self._last = time.monotonic()
        self.stopping = False  # a wish to stop; of several processes all must come to have the same

    def __enter__(self) -> "ResumePoint":
        """Take SIGTERM and Ctrl-C as a wish to stop at the next step."""
        self._plain = {number: signal.signal(number, self._wish) for number in (signal.SIGTERM, signal.SIGINT)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._plain.items():
            signal.signal(number, handler)

    def _wish(self, number: int, _: FrameType | None) -> None:
        logger.info("%s: checkpointing after this step", signal.Signals(number).name)
        self.stopping = True

    def due(self) -> bool:
        """Whether the state should be kept now."""
        return self.stopping or time.monotonic() - self._last >= 60 * self.minutes

    def keep(self, state: StageState) -> None:
        """Write the state.

        Raises:
            SystemExit: A stop was wished for; its status is `TRY_AGAIN`.
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
        """Forget the state: the stage is done and written."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _read(self) -> StageState | None:
        faults = []
        for path in (self.folder / NEWEST, self.folder / BEFORE):
            if path.exists():
                try:
                    tensors, facts = read_tensors(path)
                    about, plain = json.loads(facts["about"]), json.loads(facts["plain"])
                except DAMAGED as error:
                    faults.append(f"{path} ({error})")
                    logger.warning("%s cannot be read (%s)", path, error)
                    continue
                self._refuse_other(path, about)
                return StageState(tensors, plain)
        if faults:
            raise ArtefactError(
                f"the state of a stopped stage cannot be read: {'; '.join(faults)}",
                help=f"delete {self.folder} to begin the stage anew",
            )
        return None

    def _refuse_other(self, path: Path, about: Mapping[str, str]) -> None:
        names = [name for name in sorted({*about, *self.about}) if about.get(name) != self.about.get(name)]
        if names:
            told = "; ".join(f"{name} was {about.get(name, 'not there')}, is {self.about.get(name, 'not there')}"
                             for name in names[:5])  # fmt: skip
            raise ArtefactError(
                f"{path} is from a stopped run of other settings, data or code: {told}"
                + ("; …" if len(names) > 5 else ""),
                help=f"put back what changed to go on from it, or delete {self.folder} to begin the stage anew",
            )


def flat(settings: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Nested settings with dotted names."""
    found: dict[str, Any] = {}
    for key, value in settings.items():
        name = f"{above}{key}"
        found |= flat(value, f"{name}.") if isinstance(value, Mapping) else {name: value}
    return found
