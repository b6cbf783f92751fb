"""Drives the simulator with the unmodified Python reference client, over TLS.

How to run, from the root of the repository:

    python3 -m venv /tmp/reference && /tmp/reference/bin/pip install signalwire-sdk==3.7.5
    cargo build -p signalwire-relay-simulator
    /tmp/reference/bin/python tests/simulator/interop/reference_client.py \
        target/debug/signalwire-relay-simulator

It starts the program on a free loopback port, takes a call through answer, play, prompt, record,
connect and hang-up, and makes one dial that is answered and one that is not. It ends with status 0
when everything went as it should.
"""

import asyncio
import logging
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent


def expect(what, actual, expected):
    """Prints one line per fact and stops at the first wrong one."""
    print(f"{'ok ' if actual == expected else 'BAD'} {what}: {actual!r}")
    if actual != expected:
        raise SystemExit(f"{what}: expected {expected!r}")


def phone(number):
    return {"type": "phone", "params": {"to_number": number, "from_number": "+15550000000"}}


async def handle(call, done):
    await call.answer()
    play = await call.play_tts("Welcome")
    expect("play", (await play.wait(timeout=10)).params["state"], "finished")

    prompt = await call.play_and_collect(
        [{"type": "tts", "params": {"text": "Two digits, please"}}],
        {"digits": {"max": 2, "digit_timeout": 3}, "initial_timeout": 5},
    )
    result = (await prompt.wait(timeout=20)).params["result"]
    expect("prompt", result["params"]["digits"], "12")

    record = await call.record({"format": "mp3", "end_silence_timeout": 1})
    event = await record.wait(timeout=20)
    expect("record", event.params["state"], "finished")
    expect("record has a url", event.params["url"].endswith(".mp3"), True)

    digits = await call.collect(digits={"max": 1}, initial_timeout=1)
    result = (await digits.wait(timeout=20)).params["result"]
    expect("collect", result["type"], "no_input")

    await call.send_digits("1w2")
    await call.wait_for("calling.call.send_digits", timeout=10)

    await call.connect([[phone("+15551001000")]])
    bridged = await call.wait_for(
        "calling.call.connect", lambda e: e.params["connect_state"] == "connected", timeout=20
    )
    expect("peer", bridged.params["peer"]["device"]["params"]["to_number"], "+15551001000")
    await call.disconnect()

    await call.hangup()
    ended = await call.wait_for_ended(timeout=10)
    expect("end", ended.params["end_reason"], "hangup")
    done.set_result(None)


async def talk(host):
    from signalwire.relay import RelayClient, RelayError

    client = RelayClient(project="demo-project", token="demo-token", host=host, contexts=["default"])
    done = asyncio.get_running_loop().create_future()

    @client.on_call
    async def on_call(call):
        try:
            await handle(call, done)
        except BaseException as error:
            done.set_exception(error if isinstance(error, Exception) else RuntimeError(str(error)))

    await client.connect()
    await asyncio.wait_for(done, timeout=90)

    call = await client.dial([[phone("+15553330002")], [phone("+15551001000")]], dial_timeout=30)
    expect("dial", call.state, "answered")
    await call.hangup()
    await call.wait_for_ended(timeout=10)

    try:
        await client.dial([[phone("+15553330002")]], dial_timeout=30)
        raise SystemExit("a busy line answered")
    except RelayError as error:
        expect("failed dial", error.code, -1)

    try:
        await client.execute("calling.play", {"call_id": "c-999", "node_id": "x", "control_id": "k", "play": []})
        raise SystemExit("a bad request was accepted")
    except RelayError as error:
        expect("bad request", error.code, 400)

    await client.receive(["other"])
    await client.unreceive(["other"])
    await client.disconnect()


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        ca = os.path.join(folder, "ca.pem")
        arguments = ["--listen", "localhost:0", "--ca-out", ca, "--scenario", HERE / "interop.toml", "--speed", "2"]
        simulator = subprocess.Popen([program, *arguments], stdout=subprocess.PIPE, text=True)
        try:
            host = simulator.stdout.readline().strip().removeprefix("listening on wss://")
            # The client reads it when its module is loaded or when it connects, so it is set before both.
            os.environ["SIGNALWIRE_RELAY_CA_FILE"] = ca
            logging.basicConfig(level=logging.WARNING)
            asyncio.run(talk(host))
        finally:
            simulator.terminate()
            story = simulator.stdout.read()
    print(story)
    wrong = [line for line in story.splitlines() if line.startswith("violation") or " refused with " in line]
    expect("number of bad requests", len(wrong), 1)


main()
