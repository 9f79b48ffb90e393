# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Signatures of what is written in C, from the stub; and its docstrings without what it repeats."""

import ast
import re
from pathlib import Path

from docutils.nodes import Element
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

import vsk

STUB = Path(__file__).parents[2] / "python" / "vsk" / "_core.pyi"
PRIVATE = {"Closing", "Lab", "Line", "Party", "Role", "Shown", "Socket", "T"}
CUT = re.compile(r"^:(?:rtype:|type \w+:)")


def stub() -> tuple[dict[str, ast.FunctionDef], dict[str, str]]:
    """Calls and attributes of the stub, by name: Packet.parse; Packet itself is its __init__."""
    found: dict[str, ast.FunctionDef] = {}
    types: dict[str, str] = {}
    for node in ast.parse(STUB.read_text()).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = node
        elif isinstance(node, ast.ClassDef):
            for member in node.body:
                if isinstance(member, ast.AnnAssign):
                    types[f"{node.name}.{ast.unparse(member.target)}"] = ast.unparse(
                        member.annotation
                    )
                elif (
                    isinstance(member, ast.FunctionDef) and member.decorator_list and member.returns
                ):
                    types.setdefault(f"{node.name}.{member.name}", ast.unparse(member.returns))
                if isinstance(member, ast.FunctionDef):
                    name = "" if member.name == "__init__" else f".{member.name}"
                    found.setdefault(node.name + name, member)
    return found, types


CALLS, TYPES = stub()


def signature(
    app: Sphinx, what: str, name: str, thing: object, options: object, words: str | None, *_: object
) -> tuple[str, str] | None:
    """Give the signature that the stub has, where Python cannot tell one."""
    owner = getattr(thing, "__objclass__", getattr(thing, "__self__", None))
    inherited = f"{owner.__name__}.{name.split('.')[-1]}" if isinstance(owner, type) else ""
    node = CALLS.get(name.removeprefix("vsk.")) or CALLS.get(inherited)
    if node is None or what not in ("class", "function", "method") or words not in (None, "", "()"):
        return None
    arguments = ast.unparse(node.args)
    arguments = re.sub(r"^self(, /)?(, |$)", "", arguments)
    returns = ast.unparse(node.returns) if node.returns and what != "class" else ""
    return f"({arguments})", returns


def docstring(
    app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]
) -> None:
    """Leave out the types, which the signature shows, and give attributes theirs."""
    lines[:] = [line for line in lines if not CUT.match(line)]
    owner = getattr(thing, "__objclass__", None)
    kind = TYPES.get(f"{owner.__name__}.{name.split('.')[-1]}") if owner else None
    if what == "attribute" and kind:
        lines[:] = [f"``{kind}``: {lines[0].strip()}", *lines[1:]] if lines else [f"``{kind}``"]


def bases(app: Sphinx, name: str, thing: object, options: object, found: list[type]) -> None:
    """Show what stands behind a class of ours that nobody is meant to name."""
    while any(hidden := [base for base in found if base.__name__.startswith("_")]):
        place = found.index(hidden[0])
        found[place : place + 1] = hidden[0].__bases__


def public(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, words: Element
) -> Element | None:
    """Find a class by its public name: annotations name the module that it was written in."""
    last = node.get("reftarget", "").split(".")[-1]
    if node.get("refdomain") != "py":
        return None
    if hasattr(vsk, last):
        domain, page = env.domains["py"], node["refdoc"]
        return domain.resolve_xref(env, page, app.builder, "class", f"vsk.{last}", node, words)
    return words if last in PRIVATE else None


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx of it."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-signature", signature)
    app.connect("autodoc-process-docstring", docstring)
    app.connect("autodoc-process-bases", bases)
    app.connect("missing-reference", public)
    return {"parallel_read_safe": True}
