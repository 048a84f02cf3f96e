"""What people say of takes and findings: one file a person in a folder that all share, and merged.

**Nobody is overruled.** What holds is what each person said last of a thing. Of a take: *keep* or *kill*;
where one says keep and another kill it is *disputed*. Of a finding: *wrong alarm*, or a *withdrawal*, which
says that it stands. A wrong alarm dismisses the finding for everybody; where another person's last word is
that it stands it is disputed, and a disputed finding is shown like any other, with who says what. To kill a
take says nothing of its findings.

**The same finding** has the same content key, and the same id or the same detector where at least half of
it lies in what was judged, as in `otio_ai_audit.verdicts`.
"""

from __future__ import annotations

from .deals import deal, dealt
from .hearing import heeded, tell, told
from .journal import append, file_name, now, parse
from .merge import SaidOfFinding, SaidOfTake, Verdicts, read
from .page import from_page
from .places import folder, person

__all__ = [
    "SaidOfFinding",
    "SaidOfTake",
    "Verdicts",
    "append",
    "deal",
    "dealt",
    "file_name",
    "folder",
    "from_page",
    "heeded",
    "now",
    "parse",
    "person",
    "read",
    "tell",
    "told",
]
