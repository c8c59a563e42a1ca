"""What Telegram shows of the bot: the rest of it is told where a part is refused."""

import pytest
from dialogue import Speaker, Stage, tune
from telegram.ext import CommandHandler

from bot.command_menus import introduce
from bot.runtime.supervisor import LoopName
from handlers.core.authority import Authority
from handlers.table import ALL

# In French, in English, and the menus of the two groups.
METHODS = (
    *("setMyCommands", "setMyDescription", "setMyShortDescription") * 2,
    *("setMyCommands",) * 2,
)


@pytest.fixture
def stage(whole_stage: Stage) -> Stage:
    """A bot that tells its menus as it starts."""
    return whole_stage


@pytest.mark.parametrize("status", [400, 404, 500])
@pytest.mark.parametrize("refused", sorted(set(METHODS)))
async def test_one_part_that_is_refused_leaves_the_others(
    stage: Stage, caplog: pytest.LogCaptureFixture, refused: str, status: int
) -> None:
    await stage.settles()
    calls = stage.messenger.calls
    parts = stage.running.parts
    calls.clear()
    stage.messenger.faults.next(refused, status=status, description="Not Found")
    await introduce(parts.application.bot, parts.services)
    told = [method for method, _ in calls if method in METHODS]
    expected = list(METHODS)
    expected.remove(refused)
    assert sorted(told) == sorted(expected)
    assert caplog.text.count("stays as it was") == 1


async def test_a_server_that_tells_upper_case_from_lower_is_spoken_to_as_documented(
    stage: Stage,
    sme: Speaker,
    administrator: Speaker,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    tune(monkeypatch, "bot.preview.bot_endpoint", IN_ANY_CASE={})
    await stage.stops()
    await stage.starts()
    await sme.says("/projets")
    await sme.taps("Suivant ›")
    sme.sees("page 2")
    await sme.says("/mesdonnees")
    assert "document" in sme.messages()[-1]
    await stage.running.parts.supervisor.tasks[LoopName.COMMAND_MENUS]
    assert "stays as it was" not in caplog.text
    assert "passing call failed" not in caplog.text
    assert administrator.messages() == []


@pytest.mark.parametrize("group", ["administrators", "facilitators"])
async def test_each_group_has_the_commands_that_it_may_give(stage: Stage, group: str) -> None:
    team = getattr(stage.messenger, group)
    authorities = {Authority.TEAM, Authority[group.upper()]}
    commands = [handler for handler in ALL if isinstance(handler, CommandHandler)]
    theirs = {
        name
        for handler in commands
        if getattr(handler.callback, "authority", None) in authorities
        for name in handler.commands
    }
    for member in team.members:
        menu = stage.messenger.bot()["menus"][str(team.id)][str(member.id)]
        assert {each["command"] for each in menu} == theirs | {"aide"}


async def test_a_group_that_became_a_supergroup_has_its_menu_after_a_start(stage: Stage) -> None:
    team = stage.messenger.administrators
    stage.messenger.upgrades(team)
    await stage.settles()
    await stage.stops()
    await stage.starts()
    await stage.running.parts.supervisor.tasks[LoopName.COMMAND_MENUS]
    menu = stage.messenger.bot()["menus"][str(team.id)][str(team.members[1].id)]
    assert "demandes" in [each["command"] for each in menu]
