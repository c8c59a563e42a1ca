"""Matching and nothing else: ``python -m benchmarks.load.alone COUNT``, seconds of processor each.

The same distinct questions as those of the load, matched as the handler does, each in a thread that
the loop waits for, in one process: what the rest is measured beside.
"""

import asyncio
import gc
import sys
import time
from pathlib import Path

import knowledge
from benchmarks.load import mixes
from bot.modes import load_learnt
from bot.settings import Settings
from knowledge.loading import material_of
from knowledge.matching import Matcher

_WARM = 100


def main() -> None:
    """Print the seconds of processor that a question takes, as the settings say to match it."""
    learnt = load_learnt(Settings.read(), fictitious=False)
    if learnt is None:
        sys.exit(1)
    matcher = (learnt.deepen() if learnt.deepen else learnt.quick).matcher
    # As a bot in service does.
    gc.freeze()
    count = int(sys.argv[1])
    updates = mixes.questions(count + _WARM, 100, material_of(Path(knowledge.__file__).parent))
    print(asyncio.run(_measure(matcher, [update["message"]["text"] for update in updates])))


async def _measure(matcher: Matcher, texts: list[str]) -> float:
    for text in texts[:_WARM]:
        await asyncio.to_thread(matcher.match, text)
    began = time.process_time()
    for text in texts[_WARM:]:
        await asyncio.to_thread(matcher.match, text)
    return (time.process_time() - began) / (len(texts) - _WARM)


if __name__ == "__main__":
    main()
