"""Asks for things that have to be refused, and checks how. Prints how many."""

import asyncio
import logging
import os

from signalwire.relay import RelayClient, RelayError

from common import Traced, Wrong, expect


async def refused(what, code, coroutine):
    try:
        await coroutine
    except RelayError as error:
        expect(what, error.code, code)
        return
    raise Wrong(f"{what} was accepted")


async def talk():
    host = os.environ["SIGNALWIRE_SPACE"]
    client = Traced(RelayClient(project="demo-project", token="demo-token", host=host, contexts=["default"]))
    first = asyncio.get_running_loop().create_future()

    @client.on_call
    async def on_call(call):
        if not first.done():
            first.set_result(call)

    await client.connect()
    call = Traced(await asyncio.wait_for(first, 20))
    await refused("playing before answering", 409, call.play_tts("x"))
    await call.answer()
    await refused("answering twice", 409, call.answer())
    await refused("playing nothing", 400, call.play([]))
    await refused("tapping without params", 400, call.tap({"type": "audio"}, {"type": "rtp", "params": {}}))
    action = await call.play_and_collect([{"type": "silence", "params": {"duration": 5}}], {"digits": {"max": 1}})
    await refused("pausing a prompt", -32601, action.pause())
    await refused("resuming a prompt", -32601, action.resume())
    await refused("a number as text", 400, call.ai_hold(timeout=30))
    await client.disconnect()


# The client leaves the error of a refused action unread, which Python would mention for each.
logging.getLogger("asyncio").setLevel(logging.CRITICAL)
asyncio.run(asyncio.wait_for(talk(), 60))
