"""Jinja2's sandbox with bounds: whatever a template does ends soon and stays small. Pure.

Jinja2's own sandbox keeps a template from our objects. It lets it loop for hours, though, and make gigabytes in one
step that nothing can interrupt (`"x" * 10**10`), at publication too, when constants are folded. Here every loop, call,
filter and comparison looks at the clock, and what would grow too large is refused before it is made.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any

from jinja2 import Template, Undefined, meta, nodes, pass_context
from jinja2.environment import TemplateModule
from jinja2.exceptions import SecurityError, TemplateRuntimeError
from jinja2.lexer import Token, TokenStream
from jinja2.runtime import Context, str_join
from jinja2.sandbox import SandboxedEnvironment
from jinja2.visitor import NodeTransformer

from applications.budget import (
    ITEM,
    MAX_VALUE,
    TooMuch,
    checked,
    current,
    foresee,
    look_for,
    made,
    refuse_large,
    refuse_long,
    walked,
    weighed,
    weight,
)
from applications.widths import refuse_wide_fields, refuse_wide_percent

# Of all templates of a version: characters, and words and signs inside of tags. To compile as many takes a second.
MAX_SOURCE, MAX_TOKENS = 10 * 2**20, 50_000
# Of the path in `map(attribute="a.b.c")`, which is followed for each item.
MAX_PARTS = 10
MAX_DECIMALS, MAX_DIGITS = 400, 1200
# Filters that can make much more than they are given.
GROWING = ("center", "indent", "wordwrap", "batch", "slice", "replace", "tojson", "join", "urlize")
# Filters that take a text for its characters, one by one.
WALKING = (
    "batch", "groupby", "join", "list", "map", "max", "min", "random", "reject", "rejectattr", "select", "selectattr",
    "slice", "sort", "sum", "unique",
)  # fmt: skip
# Filters that work while their result is walked through.
LAZY = ("batch", "items", "map", "reject", "rejectattr", "select", "selectattr", "slice", "unique")
# Filters and methods that are slow, or need much memory on their way: characters that they take.
LONGEST = {
    "e": 2**20, "escape": 2**20, "forceescape": 2**20, "pprint": 2**18, "rsplit": 2**20, "split": 2**20,
    "splitlines": 2**20, "striptags": 2**20, "title": 2**20, "unescape": 2**20, "urlencode": 2**20, "urlize": 2**18,
    "wordcount": 2**20, "wordwrap": 2**16, "xmlattr": 2**20,
}  # fmt: skip
# Filters and methods whose result was there before.
READING = frozenset(("attr", "count", "d", "default", "first", "get", "index", "items", "keys", "last", "max", "min",
                     "next", "pop", "random", "setdefault", "values"))  # fmt: skip
# Filters that take something undefined for something empty, without a word.
SILENT = ("map", "select", "reject", "selectattr", "rejectattr", "items")
# Filters that fail on something undefined in words of Python's.
SPEECHLESS = ("tojson", "abs", "round")
# Tests that look no further than at a value's type.
CHEAP = ("boolean", "callable", "defined", "escaped", "false", "float", "integer", "iterable", "mapping", "none",
         "number", "sameas", "sequence", "string", "true", "undefined")  # fmt: skip
# Methods whose number is a width.
WIDENING = ("center", "expandtabs", "ljust", "rjust", "zfill")
# Ways to bytes, which no script needs, and which would have to be bounded as texts are.
BYTES = ("encode", "to_bytes")
# Names of filters that no template can write down.
LOOK, WEIGHED, MADE, JOINED = "a look at the clock", "a weighed value", "a new value", "joined values"


# --- what is bounded ------------------------------------------------------------------------------------------------


def bounded(name: str, filter: Callable[..., Any]) -> Callable[..., Any]:
    """A filter of Jinja2 that looks at the clock and at sizes."""
    first = int(hasattr(filter, "jinja_pass_arg"))

    @wraps(filter)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        current().look()
        value, others = args[first] if len(args) > first else None, [*args[first + 1 :], *kwargs.values()]
        if isinstance(value, Undefined):
            noted(name, value)
        if name in ("join", "sum") and isinstance(value, Iterator):
            value = list(walked(value))
            args = (*args[:first], value, *args[first + 1 :])
        refuse_filter(name, value, others)
        result = filter(*args, **kwargs)
        if name in LAZY:
            return walked(result)
        return checked(result) if name in READING else made(result)

    return guarded


def refuse_filter(name: str, value: Any, others: list[Any]) -> None:
    for given in (value, *others):
        checked(given)
    if name in LONGEST:
        refuse_longer(name, value)
    if name in WALKING:
        refuse_walk(name, value, others)
    if name in GROWING:
        foresee(max(weight(value), 1) * largest(others))
    if name == "format":
        foresee_operation("%", value, dict(enumerate(others)))
    if name == "int" and isinstance(value, str) and len(value) > MAX_DIGITS:
        raise TooMuch(f"a number has more than {MAX_DIGITS} digits")
    if name == "round":
        refuse_rounding(value, others)


def refuse_longer(name: str, value: Any) -> None:
    if weight(value) > LONGEST[name]:
        raise TooMuch(f"{name} takes no more than {LONGEST[name] // 2**10} KiB")


def refuse_walk(name: str, value: Any, others: list[Any]) -> None:
    if isinstance(value, str):
        refuse_large(len(value) * ITEM)
    if name != "join" and any(isinstance(o, str) and o.count(".") + o.count(",") >= MAX_PARTS for o in others):
        raise TooMuch(f"an attribute's path has more than {MAX_PARTS} parts")
    # A sum that begins with a list is a list that is made anew for each item.
    if name == "sum" and any(isinstance(other, list | tuple) for other in others):
        foresee(weight(value) * len(value))


def refuse_rounding(value: Any, others: list[Any]) -> None:
    if not isinstance(value, int | float):
        raise TypeError(f"round takes a number, and no {type(value).__name__}")
    if any(isinstance(other, int) and abs(other) > MAX_DECIMALS for other in others):
        raise TooMuch(f"a number would have more than {MAX_DECIMALS} decimals")


def largest(values: Iterable[Any]) -> int:
    return max((abs(value) if isinstance(value, int) else weight(value) for value in values), default=1)


def tested(name: str, test: Any) -> Callable[..., Any]:
    """A test of Jinja2 that looks at the clock and at sizes."""

    @wraps(test)
    def guarded(*args: Any) -> Any:
        for arg in args:
            weighed(arg)
        if name in ("odd", "even", "divisibleby"):
            foresee_operation("%", args[0], args[-1])
        return test(*args)

    return guarded


@pass_context  # Jinja2 never folds what needs the context.
def chosen(context: Context, values: Any) -> Any:
    """Jinja2's `random`, with chance that is the same each time."""
    values = list(values)
    return current().random.choice(values) if values else Undefined("there is nothing to choose from")


def noted(name: str, value: Undefined) -> None:
    """Walks through something undefined, which thereby is a hole, or fails with its name."""
    if name in SILENT:
        list(value)
    if name in SPEECHLESS:
        value._fail_with_undefined_error()


def foresee_operation(operator: str, left: Any, right: Any) -> None:
    if operator == "%" and isinstance(left, str):
        refuse_wide_percent(left)
        foresee((left.count("%") if isinstance(right, dict) else 1) * weight(right))
    elif isinstance(left, int) and isinstance(right, int):
        refuse_long(left.bit_length() * right if operator == "**" else left.bit_length() + right.bit_length())
    elif operator == "*":
        value, times = (right, left) if isinstance(left, int) else (left, right)
        if isinstance(times, int):
            foresee(weight(value) * times, MAX_VALUE)


def foresee_method(owner: Any, name: str, args: list[Any]) -> None:
    if name in LONGEST:
        refuse_longer(name, owner)
    if isinstance(owner, str):
        factors = args if name in WIDENING else [arg for arg in args if not isinstance(arg, int)]
        foresee(max(weight(owner), 1) * largest(factors))
    if name == "extend" and args and isinstance(args[0], str):
        refuse_large(len(args[0]) * ITEM)
    if name == "sort" and args:
        # It would be called where nobody watches.
        raise SecurityError("the method sort takes no arguments here; the filter sort does")


# --- what is watched ------------------------------------------------------------------------------------------------


class Watched(NodeTransformer):
    """Puts a look at the clock into every loop, and one at sizes where Python would go on by itself."""

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802  (named after the node)
        self.generic_visit(node)
        node.body.insert(0, nodes.ExprStmt(through(LOOK, nodes.Const(None)), lineno=node.lineno))
        if isinstance(node.test, nodes.Expr):
            node.test = through(LOOK, node.test)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Expr:  # noqa: N802
        self.generic_visit(node)
        first, *others = node.nodes
        return through(JOINED, first, *others)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Expr:  # noqa: N802
        self.generic_visit(node)
        sides = [node.expr, *(operand.expr for operand in node.ops)]
        # With something that stands there, nothing is compared for long; but it may be searched for.
        if len(sides) == 2 and literal(sides[1 if node.ops[0].op in ("in", "notin") else 0]):
            return node
        if len(sides) == 2 and literal(sides[1]):
            return node
        node.expr = heavy(node.expr)
        for operand in node.ops:
            operand.expr = heavy(operand.expr)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Expr:  # noqa: N802
        self.generic_visit(node)
        return through(MADE, node) if isinstance(node.arg, nodes.Slice) else node

    def visit_List(self, node: nodes.List) -> nodes.Expr:  # noqa: N802
        self.generic_visit(node)
        return heavy(node)

    def visit_Dict(self, node: nodes.Dict) -> nodes.Expr:  # noqa: N802
        self.generic_visit(node)
        return heavy(node)

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Expr:  # noqa: N802
        self.generic_visit(node)
        return heavy(node) if node.ctx == "load" else node

    def visit_Include(self, node: nodes.Include) -> nodes.Include:  # noqa: N802
        """The names in a list stay where the check at publication looks for them."""
        listed = isinstance(node.template, nodes.List | nodes.Tuple)
        self.generic_visit(node.template if listed else node)
        return node


def literal(node: nodes.Node) -> bool:
    """Is it written out in the template, and so as small as that?"""
    if isinstance(node, nodes.List | nodes.Tuple | nodes.Dict | nodes.Pair | nodes.Neg):
        return all(literal(child) for child in node.iter_child_nodes())
    return isinstance(node, nodes.Const | nodes.TemplateData)


def heavy(node: nodes.Expr) -> nodes.Expr:
    return node if literal(node) else through(WEIGHED, node)


def through(filter: str, value: nodes.Expr, *others: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(value, filter, list(others), [], None, None, lineno=value.lineno)


@pass_context
def looked(context: Context, value: Any) -> Any:
    current().step()
    return value


@pass_context
def printed(context: Context, value: Any) -> Any:
    if not isinstance(value, str | int | float | list | dict | tuple | Undefined | None) and has_no_text(value):
        words = "what is printed here is no value: a function without its brackets, or what |list has to unwind"
        raise TemplateRuntimeError(words)
    return checked(value)


def has_no_text(value: Any) -> bool:
    """Python would print its address in memory, which is another one each time that a script is made."""
    written: Any = type(value).__repr__
    return callable(value) or isinstance(value, Iterator) or written is object.__repr__


def joined(*parts: Any) -> str:
    refuse_large(sum(weight(part) for part in parts))
    return str(made(str_join(parts)))


class OwnTemplate(Template):
    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        """What an imported template sets is made anew: Jinja2 would keep it, for other people's renderings too."""
        shared = {} if ctx is None else {name: ctx.parent[name] for name in ctx.globals_keys - self.globals.keys()}
        return self.make_module(shared)


class BoundedEnvironment(SandboxedEnvironment):
    intercepted_binops = frozenset(SandboxedEnvironment.default_binop_table)
    template_class = OwnTemplate

    def __init__(self, **options: Any) -> None:
        # Its optimizer would try to fold each part of an expression anew for each part that it stands in.
        super().__init__(finalize=printed, optimized=False, **options)
        filters = {**self.filters, "random": chosen}
        self.filters = {name: bounded(name, filter) for name, filter in filters.items()}
        self.filters |= {LOOK: looked, WEIGHED: weighed, MADE: made, JOINED: joined}
        self.tests = {name: test if name in CHEAP else tested(name, test) for name, test in self.tests.items()}
        self.tokens, self.characters = 0, 0
        # Template's file → the names that it includes, imports or extends, as far as they are written there.
        self.referenced: dict[str, list[str]] = {}
        # Any number of paragraphs of nonsense: nobody's script wants one.
        del self.globals["lipsum"]

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree: nodes.Template = Watched().visit(super()._parse(source, name, filename))
        tree.set_environment(self)
        self.referenced[filename or ""] = [other for other in meta.find_referenced_templates(tree) if other]
        return tree

    def _tokenize(self, source: str, name: str | None, filename: str | None = None, state: Any = None) -> TokenStream:
        self.characters += len(source)
        if self.characters > MAX_SOURCE:
            raise TooMuch(f"the templates have more than {MAX_SOURCE // 2**20} MiB")
        self.count(source.count("{#"), 1)
        return TokenStream(self.counted(super()._tokenize(source, name, filename, state)), name, filename)

    def counted(self, tokens: Iterable[Token]) -> Iterator[Token]:
        for token in tokens:
            self.count(1, token.lineno)
            yield token

    def count(self, tokens: int, line: int) -> None:
        self.tokens += tokens
        if self.tokens > MAX_TOKENS:
            raise TooMuch(f"line {line}: the templates have more than {MAX_TOKENS:,} words and signs in tags")

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if attr in BYTES and isinstance(obj, str | int):
            return False
        return super().is_safe_attribute(obj, attr, value)

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        current().look()
        owner, name = getattr(obj, "__self__", None), getattr(obj, "__name__", "")
        given = [*args, *kwargs.values()]
        for value in given:
            checked(value)
        if isinstance(owner, str | list | tuple | dict | set):
            foresee_method(owner, name, given)
            # Something that is put into it twice makes it twice as large.
            for value in given:
                made(value)
        result = super().call(context, obj, *args, **kwargs)
        return checked(result) if name in READING else made(result)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        look_for(left, right)
        foresee_operation(operator, left, right)
        return made(super().call_binop(context, operator, left, right))

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        wrapped = super().wrap_str_format(value)
        if wrapped is None:
            return None
        text: str = value.__self__
        refuse_wide_fields(text)

        @wraps(wrapped)
        def guarded(*args: Any, **kwargs: Any) -> str:
            foresee(text.count("{") * largest(map(weight, [*args, *kwargs.values()])))
            return str(made(wrapped(*args, **kwargs)))

        return guarded

    @staticmethod
    def concat(parts: Iterable[str]) -> str:
        parts = list(parts)
        refuse_large(sum(map(len, parts)))
        return str(made("".join(parts)))
