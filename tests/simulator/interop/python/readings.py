"""Shows what a program that uses the client notices of the two readings of the protocol."""

import asyncio

from common import LIMIT, PATIENCE, READING, arrives, by_reading, expect, goes_on, hangs, new_client, phone, upcoming

# Events that only the newer reading has.
NEWER_EVENTS = {
    "calling.ai.start",
    "calling.ai.stop",
    "calling.ai.transcribe.utterance",
    "calling.call.room",
    "calling.user_event",
}


async def lasts(what, action, specification, sdks):
    """Checks whether an action ends by itself, and stops it if it goes on."""
    expected = by_reading(specification, sdks)
    expect(what, await goes_on(action, LIMIT if expected == "ends" else PATIENCE), expected)
    if expected == "goes on":
        await action.stop()


async def collect(call):
    spoken = {"speech": {}, "initial_timeout": 20}
    result = (await (await call.prompt_tts("Whom do you want to talk to?", spoken)).wait()).params["result"]
    expect("speech", result["params"]["text"], "To sales, please")
    expect("confidence", result["params"]["confidence"], by_reading(95.0, 0.95))
    rules = {"digits": {"max": 1}, "initial_timeout": 2}
    await lasts("collect without start_input_timers", await call.collect(**rules), "goes on", "ends")
    action = await call.play_and_collect([{"type": "silence", "params": {"duration": 0.2}}], rules)
    await lasts("play_and_collect without start_input_timers", action, "ends", "ends")


async def record(call):
    await call.live_transcribe({"start": {"lang": "en-US", "direction": ["remote-caller"], "live_events": True}})
    await lasts("record without options, after speech", await call.record(), "goes on", "ends")
    await call.live_transcribe({"stop": {}})


async def small_things(call):
    await call.join_room("lobby")
    await call.leave_room()
    await call.user_event(event={"name": "highlight"})
    action = await call.ai(prompt={"text": "You sell shoes"})
    await action.stop()
    await action.wait()

    first = upcoming(call, "calling.call.refer")
    await call.refer({"type": "sip", "params": {"to": "sip:desk@example.com"}})
    state = (await arrives("the first state of the refer", first)).params["state"]
    expect("first state of a refer", state, by_reading("inProgress", "success"))

    over = upcoming(call, "calling.call.echo", lambda params: params["state"] == "finished")
    await call.echo(timeout=0)
    await asyncio.wait([over], timeout=by_reading(LIMIT, PATIENCE))
    expect("echo(timeout=0)", "ends" if over.done() else "goes on", by_reading("ends", "goes on"))


async def digit_bindings(call):
    silence = {"play": [{"type": "silence", "params": {"duration": 0.1}}]}
    await call.bind_digit("*5", "calling.play", bind_params=silence, realm="r")
    await call.clear_digit_bindings()
    played = upcoming(call, "calling.call.play")
    # The caller presses *5, and then 9.
    event = await (await call.detect_digit(digits="9")).wait()
    expect("key", event.params["detect"]["params"]["event"], "9")
    expect("a binding is left after clear_digit_bindings()", played.done(), by_reading(True, False))


async def fax(call):
    last = upcoming(call, "calling.call.fax", lambda params: params["fax"]["type"] in ("finished", "error"))
    action = await call.send_fax("https://files.example/missing.pdf")
    event = await hangs(action, last) if READING == "specification" else await action.wait()
    expect("type of a failed fax", event.params["fax"]["type"], by_reading("finished", "error"))
    return action


async def bridge(call):
    failed = upcoming(call, "calling.call.connect", lambda params: params["connect_state"] == "failed")
    await call.connect([[{"type": "phone", "params": {**phone("+15553330004")["params"], "timeout": 2}}]])
    event = await arrives("the failure", failed)
    expect("failed_reason", event.params["failed_reason"], by_reading("noAnswer", "no_answer"))


async def dial(client):
    call = await client.dial([[phone("+15553330003")]], dial_timeout=LIMIT)
    event = await (await call.detect_fax(timeout=10)).wait()
    heard = event.params["detect"]["params"]["event"]
    expect("detect_fax without tone, of a calling machine", heard, by_reading("finished", "CNG"))
    await call.hangup()
    await call.wait_for_ended()

    call = await client.dial([[phone("+15551001000")]], dial_timeout=LIMIT, max_duration=5)
    try:
        event = await call.wait_for_ended(timeout=by_reading(LIMIT, PATIENCE))
        expect("max_duration of a dial", event.params["end_reason"], by_reading("maxDuration", None))
    except asyncio.TimeoutError:
        expect("max_duration of a dial", "goes on", by_reading(None, "goes on"))
        await call.hangup()


async def message(client):
    message = await client.send_message(
        to_number="+15550001", from_number="+15552220000", context="default", body="Hello", tags=["vip"]
    )
    event = await message.wait()
    expect("tags of a message, in its events", event.params["tags"], by_reading([], ["vip"]))
    expect("  in the message", message.tags, ["vip"])


async def talk():
    client, first = new_client()
    await client.connect()
    call = await arrives("the call", first)
    newer = {kind: upcoming(call, kind) for kind in NEWER_EVENTS}
    await call.answer()
    for part in (collect, record, small_things, digit_bindings, bridge):
        print(f"── {part.__name__}", flush=True)
        await part(call)
    failed_fax = await fax(call)
    came = {kind for kind, event in newer.items() if event.done()}
    expect("events that only the newer reading has", sorted(came), by_reading(sorted(NEWER_EVENTS), []))

    collecting = await call.collect(digits={"max": 1}, start_input_timers=False)
    await call.hangup()
    event = await collecting.wait()
    expect("collect at the end of the call", event.params["result"]["type"], by_reading("finished", "error"))
    params = (await call.wait_for_ended()).params
    expect("start_time in milliseconds", params["start_time"] > 1e12, by_reading(True, False))
    expect("a failed fax is over with the call", failed_fax.is_done, by_reading(False, True))

    await dial(client)
    await message(client)
    await client.disconnect()


asyncio.run(asyncio.wait_for(talk(), 120))
