"""Changes of the mock's code by chance, with the operators of mutmut: of what, and which.

Left out is what would only be known to survive or to crash: texts for people, annotations, imports, names of switches, and
the modules that `reaching` leaves out.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators

from .mutants import Mutant
from .reaching import modules

__all__ = ["Site", "draw", "sites"]

#: Calls whose arguments are names of switches or types.
_NAMING = {"deviates", "_varies", "varies", "cast", "TypeVar", "NewType"}
_SKIPPED = (
    *(cst.Annotation, cst.Import, cst.ImportFrom, cst.ConcatenatedString),
    *(cst.BaseParenthesizableWhitespace, cst.TrailingWhitespace, cst.EmptyLine, cst.Comma, cst.AssignEqual, cst.Dot),
)
_OPERATORS = (
    *(cst.BinaryOperation, cst.UnaryOperation, cst.BooleanOperation, cst.ComparisonTarget, cst.AugAssign),
    *(cst.BaseCompOp, cst.Break, cst.Continue),
)


@dataclass(frozen=True, eq=False)
class Site:
    """A node of a module that can be changed, in so many ways."""

    module: str
    line: int
    function: str
    tree: cst.Module
    node: cst.CSTNode
    changed: tuple[cst.CSTNode, ...]

    def mutant(self, which: int) -> Mutant | None:
        """Return one of its changes; None where that is no Python, or the same."""
        before = modules()[self.module].read_text(encoding="utf-8")
        tree = self.tree.deep_replace(self.node, self.changed[which])
        assert isinstance(tree, cst.Module)
        after = tree.code
        try:
            same = ast.dump(ast.parse(before)) == ast.dump(ast.parse(after))
            compile(after, self.module, "exec", dont_inherit=True)
        except SyntaxError:
            return None
        return None if same else Mutant(self.module, self.line, self.function, _difference(before, after), after)


def _difference(before: str, after: str) -> str:
    """Return the lines that differ, those before and those after, each set in one line."""
    old, new = before.splitlines(), after.splitlines()
    for side in (0, -1):
        while old and new and old[side] == new[side]:
            del old[side], new[side]
    return " -> ".join(" ".join(" ".join(lines).split()) for lines in (old, new))


@cache
def _operators(node_type: type[cst.CSTNode]) -> list[Callable[[Any], Iterable[cst.CSTNode]]]:
    """Return what changes nodes of a type; those for all types look for operators, which takes long."""
    fits = (
        mutation_operators
        if issubclass(node_type, _OPERATORS)
        else [one for one in mutation_operators if one[0] is not cst.CSTNode]
    )
    return [change for one, change in fits if issubclass(node_type, one)]


def _changeable(node: cst.CSTNode, names: tuple[str, ...] = ()) -> Iterator[tuple[cst.CSTNode, tuple[str, ...]]]:
    """Yield a node and what is in it, each with the names of the functions and classes around it."""
    if isinstance(node, _SKIPPED) or _is_text(node) or _names_switch(node):
        return
    if isinstance(node, cst.FunctionDef | cst.ClassDef):
        names = (*names, node.name.value)
    yield node, names
    for child in node.children:
        yield from _changeable(child, names)


def _is_text(node: cst.CSTNode) -> bool:
    """Whether a node is a sentence, or the list of a module's names."""
    if isinstance(node, cst.Assign | cst.AnnAssign):
        target = node.target if isinstance(node, cst.AnnAssign) else node.targets[0].target
        return isinstance(target, cst.Name) and target.value == "__all__"
    return isinstance(node, cst.SimpleString) and " " in node.value


def _names_switch(node: cst.CSTNode) -> bool:
    if not isinstance(node, cst.Call):
        return False
    name = node.func.attr if isinstance(node.func, cst.Attribute) else node.func
    return isinstance(name, cst.Name) and name.value in _NAMING


def sites(only: Iterable[str] = ()) -> list[Site]:
    """Return what can be changed in the mock's modules, or in some of them."""
    found: list[Site] = []
    for module in only or modules():
        tree = cst.parse_module(modules()[module].read_text(encoding="utf-8"))
        wrapper = MetadataWrapper(tree, unsafe_skip_copy=True)
        places = wrapper.resolve(PositionProvider)
        for node, names in _changeable(wrapper.module):
            changed = tuple(
                new for node_type, change in mutation_operators if isinstance(node, node_type) for new in change(node)
            )
            if changed:
                line = places[node].start.line
                found.append(Site(module, line, ".".join(names), wrapper.module, node, changed))
    return found


def draw(found: Sequence[Site], seed: int) -> list[tuple[Site, int]]:
    """Return the sites in an order by chance, each with one of its changes, always the same with the same seed."""
    chance = random.Random(seed)
    return [(site, chance.randrange(len(site.changed))) for site in chance.sample(found, len(found))]
