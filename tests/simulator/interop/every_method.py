"""Uses every method that the reference client has, and none may be refused."""

import asyncio
import os

from signalwire.relay import RelayClient, RelayError
from signalwire.relay import call as calls
from signalwire.relay.message import Message

from common import Traced, Wrong, ends, expect, phone, public_coroutines, said

# The service does not have these two: the client inherits them. See refusals.py.
NOT_OF_THE_SERVICE = {("CollectAction", "pause"), ("CollectAction", "resume")}

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
    await said("Live transcription started", call.live_transcribe(start))
    await call.live_transcribe({"stop": {}})
    start = {"start": {"from_lang": "en-US", "to_lang": "es-ES", "direction": sides}}
    await said("Live translation started", call.live_translate(start, status_url="https://app.example/s"))
    await call.live_translate({"inject": {"message": "Hello", "direction": "local-caller"}})
    await call.live_translate("stop")


async def fax(call):
    event = await ends(await call.send_fax("https://files.example/a.pdf", identity="+1", header_info="h"), "calling.call.fax")
    expect("  fax", event.params["fax"]["type"], "finished")
    expect("  pages", event.params["fax"]["params"]["pages"], 2)
    action = await call.receive_fax()
    await action.stop()
    await ends(action, "calling.call.fax", state="finished")


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
    await said("Message sent", call.ai_message(message_text="Be brief", role="system", reset={"full_reset": False}))
    await said("AI on hold", call.ai_hold(timeout="30", prompt="One moment"))
    await said("AI resumed", call.ai_unhold(prompt="Back"))
    await action.stop()
    await ends(action, "calling.call.ai", state="finished")
    await said("AI started", call.amazon_bedrock(prompt="You sell shoes", SWAIG={}, ai_params={}, global_data={}))


async def groups(call):
    joined = asyncio.ensure_future(
        call.wait_for("calling.conference", lambda e: e.params["status"] == "participant-join")
    )
    await asyncio.sleep(0)
    result = await said(
        "Joining conference",
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
    expect("participants", (await joined).params["size"], 1)
    await said("Leaving conference", call.leave_conference(result["conference_id"]))
    await said("Joining room", call.join_room("lobby", status_url="https://app.example/s"))
    await said("Leaving room", call.leave_room())
    waits = asyncio.ensure_future(call.wait_for("calling.call.queue", lambda e: e.params["status"] == "leave"))
    await asyncio.sleep(0)
    await said("Entering Queue", call.queue_enter("support", status_url="https://app.example/q"))
    await said("Leaving Queue", call.queue_leave("support"))
    expect("queue", (await waits).params["name"], "support")


async def small_things(call):
    await said("Call on hold", call.hold())
    await said("Call off hold", call.unhold())
    await said("Denoiser on", call.denoise())
    await said("Denoiser off", call.denoise_stop())
    await said("Echo started", call.echo(timeout=1.5, status_url="https://app.example/e"))
    await said("Event sent", call.user_event(event="highlight", colour="red"))
    await said("Sending Digits", call.send_digits("1w2"))
    await call.wait_for("calling.call.send_digits")
    refer = {"type": "sip", "params": {"to": "sip:desk@example.com"}}
    done = asyncio.ensure_future(call.wait_for("calling.call.refer"))
    await asyncio.sleep(0)
    await said("Starting SIP REFER", call.refer(refer, status_url="https://app.example/r"))
    expect("refer", (await done).params["state"], "success")
    await said("Transferring", call.transfer("context:sales"))


async def pay(call):
    action = await call.detect_digit(digits="0123456789", timeout=10)
    event = await ends(action, "calling.call.detect")
    expect("  key", event.params["detect"]["params"]["event"], "7")
    play = {"play": [{"type": "silence", "params": {"duration": 0.1}}]}
    await said(
        "Digit binding created",
        call.bind_digit("*5", "calling.play", bind_params=play, realm="r", max_triggers=1),
    )
    bound = asyncio.ensure_future(call.wait_for("calling.call.play"))
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
    event = await ends(action, "calling.call.pay", state="finished")
    expect("  paid", event.params["for"], "payment-completed")
    expect("bound method", (await bound).params["state"], "playing")
    await said("Digit bindings cleared", call.clear_digit_bindings(realm="r"))
    action = await call.pay("https://pay.example/connector")
    await action.stop()
    await ends(action, "calling.call.pay", state="finished")


async def bridge(call):
    await said(
        "connecting",
        call.connect(
            [[phone("+15551001000")]],
            ringback=[{"type": "ringtone", "params": {"name": "us"}}],
            tag="b",
            max_duration=600,
            max_price_per_minute=0.5,
            status_url="https://app.example/c",
        ),
    )
    event = await call.wait_for("calling.call.connect", lambda e: e.params["connect_state"] == "connected")
    expect("peer", event.params["peer"]["device"]["params"]["to_number"], "+15551001000")
    await said("Disconnecting", call.disconnect())


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
    message = await asyncio.wait_for(received, 20)
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
    client = Traced(
        RelayClient(
            project="demo-project",
            token="demo-token",
            host=os.environ["SIGNALWIRE_SPACE"],
            contexts=["default"],
        )
    )
    loop = asyncio.get_running_loop()
    first, spare, received = (loop.create_future() for _ in range(3))
    client.on_call(lambda call: offered(call, first, spare))
    client.on_message(lambda message: arrived(message, received))

    await client.connect()
    call = Traced(await asyncio.wait_for(first, 20))
    await said("Answered", call.answer())
    await call.wait_for_ringing()
    await call.wait_for_answered()
    for part in (play, collect, record, listen, fax, agent, groups, small_things, pay, bridge):
        print(f"── {part.__name__}", flush=True)
        await part(call)
    await said("Disconnecting call", call.hangup("hangup"))
    await call.wait_for_ending()
    expect("end", (await call.wait_for_ended()).params["end_reason"], "hangup")

    await client.receive(["spare"])
    given_back = Traced(await asyncio.wait_for(spare, 20))
    await said("Passing call", given_back.pass_())
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
    await client.disconnect()


async def offered(call, first, spare):
    (spare if call.context == "spare" or first.done() else first).set_result(call)


async def arrived(message, received):
    received.set_result(message)


def everything():
    kinds = [RelayClient, Message, calls.Call]
    kinds += [kind for name, kind in vars(calls).items() if name.endswith("Action") and isinstance(kind, type)]
    bases = {"Action", "StoppableAction", "PausableAction", "VolumeAction"}
    kinds = [kind for kind in kinds if kind.__name__ not in bases]
    return set().union(*(public_coroutines(kind) for kind in kinds)) - NOT_OF_THE_SERVICE


asyncio.run(asyncio.wait_for(talk(), 150))
expect("methods that were not used", sorted(everything() - Traced.used), [])
print(f"{len(everything())} methods used")
