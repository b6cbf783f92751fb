"""Uses every method that the reference client has, and none may be refused."""

import asyncio

from signalwire.relay import RelayClient, RelayError
from signalwire.relay import call as calls
from signalwire.relay.message import Message

from common import READING, Traced, Wrong, arrives, by_reading, ends, expect, hangs, new_client, phone
from common import public_coroutines, said, upcoming

# Methods that the service does not have, see refusals.py. The client inherits the first two.
NOT_OF_THE_SERVICE = {("CollectAction", "pause"), ("CollectAction", "resume")}
NOT_OF_THE_SERVICE |= by_reading({("Call", "hold"), ("Call", "unhold")}, set())

TTS = {"type": "tts", "params": {"text": "x" * 200, "language": "en-US", "gender": "female"}}


async def play(call):
    await ends(await call.play_tts("Welcome", language="en-US", volume=-3.0), "calling.call.play", state="finished")
    await ends(await call.play_audio("https://files.example/a.mp3"), "calling.call.play", state="finished")
    await ends(await call.play_silence(0.5), "calling.call.play", state="finished")
    await ends(await call.play_ringtone("us", duration=1), "calling.call.play", state="finished")
    action = await call.play([TTS], volume=1.0, direction="both", loop=3)
    await action.volume(-10)
    await action.pause()
    await action.resume()
    await action.stop()
    await ends(action, "calling.call.play", state="finished")


async def collect(call):
    rules = {"digits": {"max": 2, "digit_timeout": 3}, "initial_timeout": 5}
    event = await ends(await call.prompt_tts("Two digits, please", rules), "calling.call.collect")
    expect("  digits", event.params["result"]["params"]["digits"], "12")

    action = await call.prompt_audio("https://files.example/a.mp3", rules, volume=2)
    await action.volume(1)
    await action.stop()
    await ends(action, "calling.call.collect", result={"type": "finished"})

    waiting = {"digits": {"max": 1}, "initial_timeout": 1, "start_input_timers": False}
    action = await call.play_and_collect([{"type": "silence", "params": {"duration": 0.2}}], waiting)
    await action.start_input_timers()
    await ends(action, "calling.call.collect", result={"type": "no_input"})

    action = await call.collect(digits={"max": 1}, initial_timeout=1, start_input_timers=False)
    await action.start_input_timers()
    await ends(action, "calling.call.collect", result={"type": "no_input"})
    action = await call.collect(speech={"language": "en-US"}, partial_results=True, continuous=True)
    await action.stop()
    await ends(action, "calling.call.collect", result={"type": "finished"})


async def record(call):
    action = await call.record({"format": "mp3", "end_silence_timeout": 1, "beep": True})
    event = await ends(action, "calling.call.record", state="finished")
    expect("  has a url", event.params["url"].endswith(".mp3"), True)
    action = await call.record({"initial_timeout": 0})
    await action.pause(behavior="silence")
    await action.resume()
    await action.stop()
    await ends(action, "calling.call.record", state="finished")


async def listen(call):
    tap = {"type": "audio", "params": {"direction": "both"}}
    rtp = {"type": "rtp", "params": {"addr": "203.0.113.9", "port": 4000, "codec": "PCMU", "ptime": 20}}
    action = await call.tap(tap, rtp)
    await action.stop()
    await ends(action, "calling.call.tap", state="finished")
    action = await call.stream(
        "wss://ws.example/a",
        name="main",
        codec="PCMU",
        track="both_tracks",
        status_url="https://app.example/s",
        status_url_method="POST",
        authorization_bearer_token="t",
        custom_parameters={"a": "b"},
    )
    await action.stop()
    await ends(action, "calling.call.stream", state="finished", url="wss://ws.example/a")
    action = await call.transcribe(status_url="https://app.example/s")
    await action.stop()
    event = await ends(action, "calling.call.transcribe", state="finished")
    expect("  has its facts", {"url", "duration", "size"} <= event.params.keys(), True)
    sides = ["remote-caller", "local-caller"]
    start = {"start": {"lang": "en-US", "direction": sides, "live_events": True}}
    await said("live_transcribe", call.live_transcribe(start))
    await call.live_transcribe({"stop": {}})
    start = {"start": {"from_lang": "en-US", "to_lang": "es-ES", "direction": sides}}
    await said("live_translate", call.live_translate(start, status_url="https://app.example/s"))
    await call.live_translate({"inject": {"message": "Hello", "direction": "local-caller"}})
    await call.live_translate("stop")


async def completes(action, last, event_type):
    """Awaits the last event of a fax or payment. The client needs `state` in it; the newer reading has none."""
    if READING == "specification":
        return await hangs(action, last)
    return await ends(action, event_type, state="finished")


async def fax(call):
    last = upcoming(call, "calling.call.fax", lambda params: params["fax"]["type"] == "finished")
    action = await call.send_fax("https://files.example/a.pdf", identity="+1", header_info="h")
    event = await completes(action, last, "calling.call.fax")
    expect("  pages", event.params["fax"]["params"]["pages"], 2)
    last = upcoming(call, "calling.call.fax", lambda params: params["fax"]["type"] == "finished")
    action = await call.receive_fax()
    await action.stop()
    event = await completes(action, last, "calling.call.fax")
    expect("  success", event.params["fax"]["params"]["success"], False)


async def agent(call):
    action = await call.ai(
        prompt={"text": "You sell shoes", "temperature": 0.5},
        post_prompt={"text": "Summarize"},
        post_prompt_url="https://app.example/p",
        post_prompt_auth_user="u",
        post_prompt_auth_password="p",
        global_data={"a": 1},
        pronounce=[{"replace": "SW", "with": "SignalWire"}],
        hints=["shoe"],
        languages=[{"name": "English", "code": "en-US", "voice": "elevenlabs.josh"}],
        SWAIG={"functions": []},
        ai_params={"ai_volume": 0},
    )
    await said("ai_message", call.ai_message(message_text="Be brief", role="system", reset={"full_reset": False}))
    await said("ai_hold", call.ai_hold(timeout="30", prompt="One moment"))
    await said("ai_unhold", call.ai_unhold())
    await action.stop()
    await ends(action, "calling.call.ai", state="finished")


async def groups(call):
    joined = upcoming(call, "calling.conference", lambda params: params["status"] == "participant-join")
    result = await said(
        "join_conference",
        call.join_conference(
            "standup",
            muted=False,
            beep="onEnter",
            start_on_enter=True,
            end_on_exit=True,
            wait_url="https://files.example/w.mp3",
            max_participants=10,
            record="record-from-start",
            region="us",
            trim="do-not-trim",
            coach="c-99",
            status_callback="https://app.example/c",
            status_callback_event="start end",
            status_callback_event_type="relay",
            status_callback_method="POST",
            recording_status_callback="https://app.example/r",
            recording_status_callback_event="completed",
            recording_status_callback_event_type="relay",
            recording_status_callback_method="GET",
            stream_obj={"url": "wss://ws.example/c"},
        ),
    )
    expect("participants", (await arrives("the participant", joined)).params["size"], 1)
    await said("leave_conference", call.leave_conference(result["conference_id"]))
    await said("join_room", call.join_room("lobby", status_url="https://app.example/s"))
    await said("leave_room", call.leave_room())
    # It waits long before the event: entering takes a round trip.
    left = asyncio.ensure_future(call.wait_for("calling.call.queue", lambda event: event.params["status"] == "leave"))
    entering = call.queue_enter("support", control_id="place", status_url="https://app.example/q")
    await said("queue_enter", entering)
    await said("queue_leave", call.queue_leave("support", control_id="place"))
    expect("queue", (await left).params["name"], "support")


async def small_things(call):
    if ("Call", "hold") not in NOT_OF_THE_SERVICE:
        await said("hold", call.hold())
        await said("unhold", call.unhold())
    await said("denoise", call.denoise())
    await said("denoise_stop", call.denoise_stop())
    await said("echo", call.echo(timeout=1.5, status_url="https://app.example/e"))
    await said("user_event", call.user_event(event={"name": "highlight", "colour": "red"}))
    sent = upcoming(call, "calling.call.send_digits")
    await said("send_digits", call.send_digits("1w2"))
    await arrives("the end of the digits", sent)
    refer = {"type": "sip", "params": {"to": "sip:desk@example.com"}}
    done = upcoming(call, "calling.call.refer", lambda params: params["state"] != "inProgress")
    await said("refer", call.refer(refer, status_url="https://app.example/r"))
    expect("refer", (await arrives("the end of the refer", done)).params["state"], "success")


async def pay(call):
    action = await call.detect_digit(digits="0123456789", timeout=10)
    event = await ends(action, "calling.call.detect")
    expect("  key", event.params["detect"]["params"]["event"], "7")
    play = {"play": [{"type": "silence", "params": {"duration": 0.1}}]}
    await said(
        "bind_digit",
        call.bind_digit("*5", "calling.play", bind_params=play, realm="r", max_triggers=1),
    )
    bound = upcoming(call, "calling.call.play")
    is_last = by_reading(lambda params: "result" in params, lambda params: "state" in params)
    last = upcoming(call, "calling.call.pay", is_last)
    action = await call.pay(
        "https://pay.example/connector",
        input_method="dtmf",
        status_url="https://app.example/p",
        payment_method="credit-card",
        timeout="5",
        max_attempts="2",
        security_code="true",
        postal_code="true",
        min_postal_code_length="5",
        token_type="one-time",
        charge_amount="12.50",
        currency="usd",
        language="en-US",
        voice="woman",
        description="Shoes",
        valid_card_types="visa mastercard",
        parameters=[{"name": "order", "value": "7"}],
        prompts=[{"for": "payment-card-number", "actions": [{"type": "Say", "phrase": "Card number?"}]}],
    )
    event = await completes(action, last, "calling.call.pay")
    paid = by_reading(("result", "success"), ("for", "payment-completed"))
    expect("  paid", paid in event.params.items(), True)
    expect("bound method", (await arrives("the bound play", bound)).params["state"], "playing")
    await said("clear_digit_bindings", call.clear_digit_bindings(realm="r"))
    last = upcoming(call, "calling.call.pay", is_last)
    action = await call.pay("https://pay.example/connector")
    await action.stop()
    await completes(action, last, "calling.call.pay")


async def bridge(call):
    connected = upcoming(call, "calling.call.connect", lambda params: params["connect_state"] == "connected")
    await said(
        "connect",
        call.connect(
            [[phone("+15551001000")]],
            ringback=[{"type": "ringtone", "params": {"name": "us"}}],
            tag="b",
            max_duration=600,
            max_price_per_minute=0.5,
            status_url="https://app.example/c",
        ),
    )
    event = await arrives("the peer", connected)
    expect("peer", event.params["peer"]["device"]["params"]["to_number"], "+15551001000")
    await said("disconnect", call.disconnect())


async def hand_over(client):
    call = await client.dial([[phone("+15551001000")]], dial_timeout=15)
    prompt = {"text": "You sell shoes"}
    await said("amazon_bedrock", call.amazon_bedrock(prompt=prompt, SWAIG={}, ai_params={}, global_data={}))
    await said("transfer", call.transfer("context:sales"))


async def detect(client):
    kinds = [("+15553330001", "HUMAN"), ("+15553330002", "MACHINE"), ("+15553330003", "CED")]
    for number, expected in kinds:
        call = await client.dial([[phone(number)]], dial_timeout=15)
        if expected == "CED":
            action = await call.detect_fax(tone="CED", timeout=10)
        else:
            action = await call.detect_answering_machine(
                initial_timeout=4.5,
                end_silence_timeout=1.0,
                machine_voice_threshold=1.25,
                machine_words_threshold=6,
                detect_interruptions=False,
                detect_message_end=True,
                timeout=30,
            )
        event = await ends(action, "calling.call.detect")
        expect(f"  {number}", event.params["detect"]["params"]["event"], expected)
        action = await call.detect({"type": "digit"}, timeout=20)
        await action.stop()
        await ends(action, "calling.call.detect")
        await call.hangup()
        await call.wait_for_ended()


async def messages(client, received):
    message = await arrives("the message", received)
    expect("inbound message", message.body, "Is anybody there?")
    for number, state, reason in [
        ("+15550001", "delivered", ""),
        ("+15553330004", "undelivered", "carrier_blocked"),
        ("+15553330005", "failed", "spam"),
    ]:
        message = await client.send_message(
            to_number=number,
            from_number="+15552220000",
            context="default",
            body="Hello",
            media=["https://files.example/a.jpg"],
            tags=["vip"],
            region="us",
        )
        expect("message has an id", bool(message.message_id), True)
        event = await message.wait()
        expect(f"message to {number}", event.params["message_state"], state)
        expect("  reason", event.params.get("reason", ""), reason)


async def talk():
    client, first = new_client()
    loop = asyncio.get_running_loop()
    spare, received = loop.create_future(), loop.create_future()

    @client.on_message
    async def on_message(message):
        received.set_result(message)

    await client.connect()
    call = await arrives("the call", first)

    # The client puts its own protocol into `context` of a call, so the calls cannot be told apart by that.
    @client.on_call
    async def on_call(call):
        spare.set_result(Traced(call))

    await said("answer", call.answer())
    await call.wait_for_ringing()
    await call.wait_for_answered()
    for part in (play, collect, record, listen, fax, agent, groups, small_things, pay, bridge):
        print(f"── {part.__name__}", flush=True)
        await part(call)
    await said("hangup", call.hangup("hangup"))
    await call.wait_for_ending()
    expect("end", (await call.wait_for_ended()).params["end_reason"], "hangup")

    await client.receive(["spare"])
    given_back = await arrives("the call of the second context", spare)
    await said("pass_", given_back.pass_())
    await client.unreceive(["spare"])

    await detect(client)
    await messages(client, received)
    call = await client.dial([[phone("+15553330004")], [phone("+15551001000")]], dial_timeout=15, max_duration=60)
    expect("serial dial", call.state, "answered")
    result = await client.execute("calling.end", {"call_id": call.call_id, "node_id": call.node_id})
    expect("execute", result["code"], "200")
    try:
        await client.dial([[phone("+15553330004")]], dial_timeout=15)
        raise Wrong("a busy line answered")
    except RelayError as error:
        expect("failed dial", error.code, -1)
    await hand_over(client)
    await client.disconnect()


def everything():
    kinds = [RelayClient, Message, calls.Call]
    kinds += [kind for name, kind in vars(calls).items() if name.endswith("Action") and isinstance(kind, type)]
    bases = {"Action", "StoppableAction", "PausableAction", "VolumeAction"}
    kinds = [kind for kind in kinds if kind.__name__ not in bases]
    return set().union(*(public_coroutines(kind) for kind in kinds)) - NOT_OF_THE_SERVICE


asyncio.run(asyncio.wait_for(talk(), 150))
expect("methods that were not used", sorted(everything() - Traced.used), [])
print(f"{len(everything())} methods used")
