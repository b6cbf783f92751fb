"""Sends requests that are refused, in both readings or only in the newer one, and checks the codes."""

import asyncio
import logging

from common import READING, Traced, arrives, by_reading, expect, new_client, phone, refused

SILENCE = [{"type": "silence", "params": {"duration": 5}}]
DIGIT = {"digits": {"max": 1}}


async def in_both(call):
    await refused("playing before answering", 409, call.play_tts("x"))
    await call.answer()
    await refused("answering twice", 409, call.answer())
    await refused("playing nothing", 400, call.play([]))
    await refused("tapping without params", 400, call.tap({"type": "audio"}, {"type": "rtp", "params": {}}))
    action = await call.play_and_collect(SILENCE, DIGIT)
    await refused("pausing a prompt", -32601, action.pause())
    await refused("resuming a prompt", -32601, action.resume())
    await action.stop()
    await refused("a number as text", 400, call.ai_hold(timeout=30))


async def newer(what, code, coroutine):
    """Awaits a request that only the newer reading refuses."""
    if READING == "specification":
        await refused(what, code, coroutine)
        return
    result = await coroutine
    # The client keeps the result of an operation to itself.
    expect(what, "200" if isinstance(result, Traced) else result["code"], "200")


async def hidden(what, coroutine):
    """Awaits a request that only the newer reading refuses, with 404. The client makes an empty result of that."""
    result = await coroutine
    expect(what, result.get("code"), by_reading(None, "200"))
    expect("  result is empty", result == {}, by_reading(True, False))


async def in_newer(call):
    await newer("hold", -32601, call.hold())
    await newer("unhold", -32601, call.unhold())
    await newer("user_event with text", 400, call.user_event(event="highlight", colour="red"))
    await newer("user_event without event", 400, call.user_event(colour="red"))
    bind = call.bind_digit("*5", "calling.play", bind_params={"play": SILENCE}, max_triggers=0)
    await newer("max_triggers=0", 400, bind)
    await newer("a payment without TLS", 400, call.pay("http://pay.example/connector"))
    await newer("a Bedrock prompt as text", 400, call.amazon_bedrock(prompt="You sell shoes"))
    await call.ai(prompt={"text": "You sell shoes"})
    await newer("unhold with prompt", 400, call.ai_unhold(prompt="Back"))
    await newer("connecting beside an agent", 409, call.connect([[phone("+15551001000")]]))
    await newer("a prompt beside an agent", 409, call.play_and_collect(SILENCE, DIGIT))


async def with_404(call):
    # The client makes a new control_id for each request if it gets none.
    await call.queue_enter("support")
    await hidden("leaving a queue with another control_id", call.target.queue_leave("support"))
    await call.transfer("context:sales")
    await hidden("a command after transfer", call.target.denoise())
    action = await call.play(SILENCE)
    expect("an operation after transfer has an end of the client's", action.is_done, by_reading(True, False))


async def talk():
    client, first = new_client()
    await client.connect()
    call = await arrives("the call", first)
    for part in (in_both, in_newer, with_404):
        print(f"── {part.__name__}", flush=True)
        await part(call)
    await client.disconnect()


# The client does not read the errors of refused operations, and Python would print each.
logging.getLogger("asyncio").setLevel(logging.CRITICAL)
asyncio.run(asyncio.wait_for(talk(), 60))
