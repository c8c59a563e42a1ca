"""What the load benchmark asks is answered by as many messages as it counts."""

import pytest
from dialogue import Stage, inside
from test_generated_updates import post, posted_to  # noqa: F401 (a fixture)

from benchmarks.load import mixes
from bot.preview.personas import User

SHOWN = {"sendMessage", "editMessageText"}


@pytest.mark.parametrize("stage", ["sqlite"], indirect=True)
async def test_each_step_of_navigation_is_answered_as_it_says(stage: Stage) -> None:
    project = stage.knowledge.census.listed(stage.running.parts.services.today())[0].id
    steps = sum(map(len, inside(mixes, "moves")(project)))
    updates = mixes.navigation(2 * steps, 1, project)
    user = User(_message(updates[0])["chat"]["id"], "X", "Y")
    stage.messenger.joins(user)
    stage.messenger.chats.add(user.id, user.as_json(), {"text": "before"}, None)
    for number, update in enumerate(updates):
        if query := update.get("callback_query"):
            # A button is under the bot's last message.
            query["message"]["message_id"] = stage.messenger.messages(user.id)[-1]["message_id"]
            stage.messenger.queries[query["id"]] = (user.id, user.id)
        before = _shown(stage)
        await post(stage, [update])
        assert _shown(stage) == before + update.answers, (number, update)
        # Nobody here writes too fast.
        stage.clock.passes(seconds=10)


def _shown(stage: Stage) -> int:
    return sum(method in SHOWN for method, _ in stage.messenger.calls)


def _message(update: mixes.Update) -> mixes.Update:
    message: mixes.Update = update.get("message") or update["callback_query"]["message"]
    return message
