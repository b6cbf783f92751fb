"""Shared by the scripts: facts, what differs by reading, time limits, and a record of the methods used."""

import asyncio
import inspect
import os

from signalwire.relay import RelayClient, RelayError

# The reading of the protocol that the simulator follows. The client does not know it.
READING = os.environ["READING"]

# No step takes longer than this in real time, in seconds, at the speeds that run.sh gives.
LIMIT = 20

# How long an operation is watched that goes on for ever, in real time, in seconds: at least 5 s of simulated time.
PATIENCE = 1


def by_reading(specification, sdks):
    return {"specification": specification, "sdks": sdks}[READING]


# The texts of the results of commands.
TEXTS = {
    "ai_hold": by_reading("+OK", "AI on hold"),
    "ai_message": by_reading("+OK", "Message sent"),
    "ai_unhold": by_reading("+OK", "AI resumed"),
    "amazon_bedrock": by_reading("success", "AI started"),
    "answer": by_reading("Answering call", "Answered"),
    "bind_digit": "Digit binding created",
    "clear_digit_bindings": "Digit bindings cleared",
    "connect": by_reading("Connecting call", "connecting"),
    "denoise": "Denoiser on",
    "denoise_stop": "Denoiser off",
    "disconnect": by_reading("Disconnecting call", "Disconnecting"),
    "echo": by_reading("Echoing", "Echo started"),
    "hangup": by_reading("Ending call", "Disconnecting call"),
    "hold": by_reading(None, "Call on hold"),
    "join_conference": "Joining conference",
    "join_room": "Joining room",
    "leave_conference": "Leaving conference",
    "leave_room": "Leaving room",
    "live_transcribe": by_reading("+OK", "Live transcription started"),
    "live_translate": by_reading("+OK", "Live translation started"),
    "pass_": by_reading("Passing call to another application", "Passing call"),
    "queue_enter": by_reading("Entering queue", "Entering Queue"),
    "queue_leave": by_reading("Leaving queue", "Leaving Queue"),
    "refer": "Starting SIP REFER",
    "send_digits": by_reading("Sending", "Sending Digits"),
    "transfer": "Transferring",
    "unhold": by_reading(None, "Call off hold"),
    "user_event": by_reading("Sending user event", "Event sent"),
}


class Wrong(Exception):
    """A fact that is not as expected."""


def expect(what, actual, expected):
    """Prints one line per fact and stops at the first wrong one."""
    print(f"{'ok ' if actual == expected else 'BAD'} {what}: {actual!r}", flush=True)
    if actual != expected:
        raise Wrong(f"{what}: expected {expected!r}, got {actual!r}")


def phone(number):
    return {"type": "phone", "params": {"to_number": number, "from_number": "+15550000000"}}


def new_client():
    """A client with a future of its first call."""
    host = os.environ["SIGNALWIRE_SPACE"]
    client = RelayClient(project="demo-project", token="demo-token", host=host, contexts=["default"])
    first = asyncio.get_running_loop().create_future()

    @client.on_call
    async def on_call(call):
        if not first.done():
            first.set_result(Traced(call))

    return Traced(client), first


def public_coroutines(kind):
    return {
        (kind.__name__, name)
        for name, _ in inspect.getmembers(kind, inspect.iscoroutinefunction)
        if not name.startswith("_")
    }


class Traced:
    """Wraps a client, call, action or message. Notes which coroutines are used, gives each a time limit, and does not
    accept the empty result with which the client hides that the service answered 404."""

    used = set()

    def __init__(self, target):
        self.target = target

    def __getattr__(self, name):
        value = getattr(self.target, name)
        if not inspect.iscoroutinefunction(value):
            return value
        kind = type(self.target).__name__

        async def limited(*positional, **named):
            Traced.used.add((kind, name))
            try:
                result = await asyncio.wait_for(value(*positional, **named), LIMIT)
            except asyncio.TimeoutError:
                if "timeout" in named:
                    raise
                raise Wrong(f"{kind}.{name} hangs") from None
            if result == {}:
                raise Wrong(f"{kind}.{name}: the service answered 404 or 410")
            traceable = ("Action", "Call", "Message")
            return Traced(result) if type(result).__name__.endswith(traceable) else result

        return limited


async def said(method, coroutine):
    """Awaits a command without an action and checks its result."""
    result = await coroutine
    expect(method, (result.get("code"), result.get("message")), ("200", TEXTS[method]))
    return result


async def refused(what, code, coroutine):
    """Awaits a command that the service refuses, and checks the code."""
    try:
        await coroutine
    except RelayError as error:
        expect(what, error.code, code)
        return
    raise Wrong(f"{what} was accepted")


def upcoming(call, event_type, accepts=lambda params: True):
    """A future of the first such event from now on."""
    future = asyncio.get_running_loop().create_future()

    def on_event(event):
        if not future.done() and accepts(event.params):
            future.set_result(event)

    call.on(event_type, on_event)
    return future


async def arrives(what, future):
    try:
        return await asyncio.wait_for(future, LIMIT)
    except asyncio.TimeoutError:
        raise Wrong(f"{what} does not arrive") from None


async def ends(action, event_type, **members):
    """Awaits the end of an action and checks its last event."""
    event = await action.wait()
    expect("ends with", event.event_type, event_type)
    for name, value in members.items():
        expect(f"  {name}", event.params.get(name), value)
    return event


async def goes_on(action, patience=PATIENCE):
    """Whether an action ends in that time."""
    try:
        await action.wait(timeout=patience)
        return "ends"
    except asyncio.TimeoutError:
        return "goes on"


async def hangs(action, last):
    """Awaits the last event of an action. The client does not take the event for the end, and waits for ever."""
    event = await arrives("the last event", last)
    expect("after the last event the wait", await goes_on(action), "goes on")
    return event
