"""``make soak``: ten minutes of faults for the whole bot, then a check that nothing is lost.

In the first half one bot polls, on SQLite; in the second two bots receive updates by webhook, on
PostgreSQL. Prints the ledger; the exit code is 1 where anything was lost, recorded twice, or out of
order. Then an attacker does its worst among the people; the exit code is 1 where another's answer
takes two seconds, or the memory grows by a tenth. Then one bot is given two hundred changes of its
files; the exit code is 1 where its memory grows by a tenth. Last, the handlers alone get ten
minutes of forged taps and generated updates; the exit code is 1 where one breaks a rule.
"""

import argparse
import asyncio
import random
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

from benchmarks.soak import attack, changes, fuzz, life, report
from benchmarks.soak.halves import Half, HalfResult, Plan
from benchmarks.soak.postgres import Postgres, PostgresMissingError

_WHOLE_MINUTES = 10.0
_HALVES = ("sqlite", "postgresql")
_ATTACK = "attack"
_CHANGES = "changes"
# The attack takes this share of the minutes of chaos.
_ATTACK_SHARE = 0.3
_LIFE = "life"
_LIFE_SHARE = 0.4
_FUZZ = "fuzz"


def main() -> int:
    """Run the halves that the options name; return the exit code."""
    options = _options()
    print(f"seed {options.seed}", flush=True)
    with ExitStack() as stack:
        folder = options.keep or stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-"))
        for name in (*_HALVES, _ATTACK, _LIFE, _CHANGES, _FUZZ):
            Path(folder, name).mkdir(parents=True)
        for name in _HALVES:
            Path(folder, _ATTACK, name).mkdir()
            Path(folder, _LIFE, name).mkdir()
        # The PostgreSQL server runs under another user account, which must reach its folder.
        Path(folder).chmod(0o755)
        try:
            outcomes = asyncio.run(_run(options, Path(folder)))
            sieges = asyncio.run(_attack(options, Path(folder, _ATTACK)))
            lives = asyncio.run(_lives(options, Path(folder, _LIFE)))
            memory = asyncio.run(_changes(options, Path(folder, _CHANGES)))
            fuzzed = asyncio.run(_fuzz(options, Path(folder, _FUZZ)))
        except PostgresMissingError as error:
            print(error)
            return 1
    if outcomes:
        print(report.table(outcomes))
    for outcome in outcomes:
        print(report.logged(outcome))
    parts = [*sieges, *lives, *([memory] if memory else ()), *([fuzzed] if fuzzed else ())]
    for part in parts:
        print(part.summary())
    problems = report.problems(outcomes) + [each for part in parts for each in part.problems]
    print("\n".join(problems) or "Nothing lost, nothing recorded twice, everything in order.")
    return 1 if problems else 0


async def _run(options: argparse.Namespace, folder: Path) -> list[HalfResult]:
    running = asyncio.current_task()
    if running is not None:
        # Otherwise the bots would outlive a soak that is terminated from outside.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    halves = [name for name in _HALVES if options.only in {None, name}]
    seconds = options.minutes * 60 / max(1, len(halves))
    made_up = options.made_up * min(1.0, options.minutes / _WHOLE_MINUTES)
    count = round(made_up / max(1, len(halves)))
    outcomes = []
    for name in halves:
        plan = Plan(name, seconds, count, options.seed)
        outcomes.append(await _half(plan, folder / name))
        print(f"{name}: {round(outcomes[-1].seconds)} s", flush=True)
    return outcomes


async def _attack(options: argparse.Namespace, folder: Path) -> list[attack.Siege]:
    if options.only not in {None, _ATTACK}:
        return []
    seconds = options.minutes * 60 * _ATTACK_SHARE / len(_HALVES)
    sieges = []
    for name in _HALVES:
        async with _postgres(name, folder / name) as postgres:
            sieges.append(await attack.soak(seconds, options.seed, folder / name, postgres))
        print(f"attack on {name}: {round(sieges[-1].seconds)} s", flush=True)
    return sieges


async def _lives(options: argparse.Namespace, folder: Path) -> list[life.Lives]:
    if options.only not in {None, _LIFE}:
        return []
    seconds = options.minutes * 60 * _LIFE_SHARE / len(_HALVES)
    found = []
    for name in _HALVES:
        async with _postgres(name, folder / name) as postgres:
            found.append(await life.soak(seconds, options.seed, folder / name, postgres))
        print(f"lives on {name}: done", flush=True)
    return found


async def _changes(options: argparse.Namespace, folder: Path) -> changes.Memory | None:
    if not options.changes or options.only not in {None, _CHANGES}:
        return None
    return await changes.soak(options.changes, folder)


async def _fuzz(options: argparse.Namespace, folder: Path) -> fuzz.Tally | None:
    if options.only not in {None, _FUZZ} or not options.minutes:
        return None
    return await fuzz.soak(options.seed, folder, options.minutes * 60)


async def _half(plan: Plan, folder: Path) -> HalfResult:
    async with _postgres(plan.name, folder) as postgres:
        return await Half(plan, folder, 2 if postgres else 1, postgres).run()


@asynccontextmanager
async def _postgres(name: str, folder: Path) -> AsyncIterator[Postgres | None]:
    """Run a server during the block, where the name asks for one."""
    if name == "sqlite":
        yield None
        return
    postgres = Postgres(folder / "postgres")
    await postgres.start()
    try:
        yield postgres
    finally:
        await postgres.stop()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument(
        "--minutes",
        type=float,
        default=_WHOLE_MINUTES,
        help="of chaos in all, and of forged updates",
    )
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))  # noqa: S311
    parser.add_argument("--made-up", type=int, default=1000, help="updates of each sort, in all")
    parser.add_argument("--keep", metavar="DIR", help="a new folder for databases and logs")
    parser.add_argument("--only", choices=(*_HALVES, _ATTACK, _LIFE, _CHANGES, _FUZZ))
    parser.add_argument("--changes", type=int, default=200, help="of the files; 0 for none")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
