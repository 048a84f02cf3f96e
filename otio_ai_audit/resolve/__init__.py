"""DaVinci Resolve: menu scripts and where they go, attaching from outside, and what works here.

`live` runs inside Resolve's own Python (standard library only, Python 3.6); everything else runs in ours.
"""

from __future__ import annotations
