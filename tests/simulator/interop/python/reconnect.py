"""The simulator cuts the connection in the middle of a call; the client resumes its session."""

import asyncio
import os
import threading

from signalwire.relay import RelayClient

from common import expect

facts = {}
client = RelayClient(
    project="demo-project", token="demo-token", host=os.environ["SIGNALWIRE_SPACE"], contexts=["default"]
)


@client.on_call
async def on_call(call):
    if "protocol" in facts:
        facts["second call"] = True
        await client.disconnect()
        return
    facts["protocol"] = client.relay_protocol
    await call.answer()
    action = await call.play_tts("x" * 600)
    facts["play"] = (await action.wait(timeout=30)).params["state"]
    facts["same session"] = client.relay_protocol == facts["protocol"]
    facts["hangup"] = await call.hangup()
    facts["end"] = (await call.wait_for_ended(timeout=10)).params["end_reason"]


# It ends everything if the client never comes back.
watchdog = threading.Timer(60, os._exit, [1])
watchdog.daemon = True
watchdog.start()
client.run()
for fact, expected in [
    ("play", "finished"),
    ("same session", True),
    ("end", "hangup"),
    ("second call", True),
]:
    expect(fact, facts.get(fact), expected)
