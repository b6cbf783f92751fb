"""What the scripts share: facts, time limits, and a record of what was used."""

import asyncio
import inspect

# Nothing here takes longer in real time, with the speeds that run.sh gives.
LIMIT = 20


class Wrong(Exception):
    """Something is not as it should be."""


def expect(what, actual, expected):
    """Prints one line per fact and stops at the first wrong one."""
    print(f"{'ok ' if actual == expected else 'BAD'} {what}: {actual!r}", flush=True)
    if actual != expected:
        raise Wrong(f"{what}: expected {expected!r}, got {actual!r}")


def phone(number):
    return {"type": "phone", "params": {"to_number": number, "from_number": "+15550000000"}}


def public_coroutines(kind):
    return {
        (kind.__name__, name)
        for name, _ in inspect.getmembers(kind, inspect.iscoroutinefunction)
        if not name.startswith("_")
    }


class Traced:
    """Passes everything on to a client, call, action or message. It notes which coroutines are used,
    gives each a time limit, and does not accept the empty result with which the client hides that a
    call is gone."""

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
                raise Wrong(f"{kind}.{name} hangs") from None
            if result == {}:
                raise Wrong(f"{kind}.{name}: the service said that the call is gone")
            traceable = ("Action", "Call", "Message")
            return Traced(result) if type(result).__name__.endswith(traceable) else result

        return limited


async def said(text, coroutine):
    """Awaits a command without an action and checks its reply."""
    result = await coroutine
    expect(text, (result.get("code"), result.get("message")), ("200", text))
    return result


async def ends(action, event_type, **members):
    """Awaits the end of an action and checks its last event."""
    event = await action.wait()
    expect("ends with", event.event_type, event_type)
    for name, value in members.items():
        expect(f"  {name}", event.params.get(name), value)
    return event
