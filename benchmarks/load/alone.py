"""``python -m benchmarks.load.alone COUNT``: the processor seconds of matching one question.

Matches distinct questions, as those of the load, one after the other in one process that does
nothing else. The load's figures are compared with this one.
"""

import gc
import sys
import time
from pathlib import Path

import knowledge
from benchmarks.load import mixes
from bot.run_modes import load_learnt
from bot.settings import Settings
from knowledge.loading import material_of

_WARM = 100


def main() -> None:
    """Print the processor seconds a question, matched as the settings say."""
    learnt = load_learnt(Settings.read(), fictitious=False)
    if learnt is None:
        sys.exit(1)
    matcher = learnt.library.load().matcher
    # As the bot does in service.
    gc.freeze()
    count = int(sys.argv[1])
    updates = mixes.questions(count + _WARM, 100, material_of(Path(knowledge.__file__).parent))
    texts = [update["message"]["text"] for update in updates]
    for text in texts[:_WARM]:
        matcher.match(text)
    began = time.process_time()
    for text in texts[_WARM:]:
        matcher.match(text)
    print((time.process_time() - began) / count)


if __name__ == "__main__":
    main()
