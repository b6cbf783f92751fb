"""Everything public of the reference client has its row in core/docs/parity.md, and no row is about nothing."""

import ast
import dataclasses
import inspect
import pathlib
import re
import textwrap

from signalwire import relay
from signalwire.relay import call, client, constants, event, message

DOCUMENT = pathlib.Path(__file__).parents[4] / "core" / "docs" / "parity.md"
# The methods with underscores that a program makes use of, if only through the language.
SPECIAL = {"__init__", "__aenter__", "__aexit__", "__del__"}


def parameters(name, function):
    yield f"{name}()"
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name not in ("self", "cls"):
            stars = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
            yield f"{name}() · {stars}{parameter.name}"


def attributes(constructor):
    """What a constructor gives its object, by its source: there is no object to ask."""
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(constructor)))):
        own = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
        if own and isinstance(node.value, ast.Name) and node.value.id == "self" and not node.attr.startswith("_"):
            yield node.attr


def members(kind):
    # Actions are made by calls, events by the service: how is not for programs.
    made = dataclasses.is_dataclass(kind) or issubclass(kind, call.Action)
    bases = [base for base in kind.__mro__[1:] if base.__module__ == kind.__module__]
    # What is inherited, or made anew, has its row with the first that has it.
    inherited = {name for base in bases for name in (*vars(base), *getattr(base, "__dataclass_fields__", ()))}
    if dataclasses.is_dataclass(kind):
        names = {field.name for field in dataclasses.fields(kind)} - inherited
        yield from (f"{kind.__name__} · {name}" for name in names)
    elif "__init__" in vars(kind):
        yield from (f"{kind.__name__}.{name}" for name in attributes(kind.__init__) if "__init__" not in inherited)
    for name, member in vars(kind).items():
        if name in inherited or (made and name.startswith("__")):
            continue
        member = getattr(member, "__func__", member)
        if name == "__repr__":
            yield f"the text form of {kind.__name__}"
        elif inspect.isfunction(member) and (name in SPECIAL or not name.startswith("_")):
            yield from parameters(f"{kind.__name__}.{name}", member)
        elif isinstance(member, property):
            yield f"{kind.__name__}.{name}"


def surface():
    for module in (client, call, message, event, constants):
        for name, value in vars(module).items():
            if name.startswith("_"):
                continue
            if inspect.isclass(value) and value.__module__ == module.__name__:
                yield name
                yield from members(value)
            elif inspect.isfunction(value) and value.__module__ == module.__name__:
                yield from parameters(name, value)
            elif name.isupper() and not isinstance(value, bool):
                yield name
    for name in relay.__all__:
        yield f"{name}()" if inspect.isfunction(getattr(relay, name)) else name


def rows():
    table, _ = DOCUMENT.read_text(encoding="utf-8").split("\n## Behaviour\n")
    above = None
    for line in table.splitlines():
        first = line.split("|")[1].strip() if line.startswith("| ") else ""
        names = re.findall(r"`([^`]+)`", first)
        if first.startswith("·"):
            yield f"{above} · {names[0]}"
        elif first.startswith("the text form of"):
            yield f"the text form of {names[0]}"
        elif names:
            above = names[0]
            yield from names


there, listed = set(surface()), list(rows())
for name in sorted(there - set(listed)):
    print(f"BAD {name} has no row")
for name in sorted(set(listed) - there):
    print(f"BAD the row of {name} is about nothing")
for name in sorted({name for name in listed if listed.count(name) > 1}):
    print(f"BAD {name} has several rows")
if len(listed) != len(there) or set(listed) != there:
    raise SystemExit(f"core/docs/parity.md does not list the reference client: {len(there)} things, {len(listed)} rows")
print(f"ok  all {len(there)} things of the reference client have their row in core/docs/parity.md")
