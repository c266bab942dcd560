"""`calculator`: one expression, evaluated in bounded time and memory.

Every operand and result is checked: numbers stay under 4,096 bits, sequences are only ever arguments, and no operation
works on text. So the cost is at most the expression's length times that of one small operation.
"""

from __future__ import annotations

import ast
import math
import warnings
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from decimal import Context, Decimal, localcontext
from types import SimpleNamespace
from typing import Annotated, Any, ClassVar

import orjson
from pydantic import Field, StringConstraints
from simpleeval import (
    AttributeDoesNotExist,
    EvalWithCompoundTypes,
    FeatureNotAvailable,
    FunctionNotDefined,
    InvalidExpression,
    NameNotDefined,
    OperatorNotDefined,
)

from medagentbenchv2.errors import AgentError
from medagentbenchv2.tools.arguments import Arguments, shown

MAX_CHARACTERS = 4000
_MAX_BITS = 4096
_MAX_DIGITS = 400
_MAX_FACTORIAL = 500
_OPERANDS = (int, float, Decimal, datetime, date, timedelta)
_RESULTS = (*_OPERANDS, str, list, tuple)
_MATH = (
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "ceil", "copysign", "cos", "cosh", "degrees",
    "dist", "e", "erf", "erfc", "exp", "exp2", "expm1", "fabs", "floor", "fmod", "fsum", "gamma", "gcd", "hypot",
    "inf", "isclose", "isfinite", "isinf", "isnan", "isqrt", "lcm", "lgamma", "log", "log10", "log1p", "log2", "modf",
    "nan", "pi", "pow", "prod", "radians", "remainder", "sin", "sinh", "sqrt", "tan", "tanh", "tau", "trunc",
)  # fmt: skip
_REFUSED = (
    ast.ListComp, ast.GeneratorExp, ast.DictComp, ast.Dict, ast.Set, ast.JoinedStr, ast.FormattedValue, ast.Subscript,
    ast.Slice, ast.Assign, ast.AugAssign, ast.Import,
)  # fmt: skip


class Calculation(Arguments):
    """calculator."""

    description: ClassVar[str] = (
        "Evaluate one expression in Python's notation: numbers, arithmetic (** is power), comparisons, if-else, min "
        "max sum round abs len, math.sqrt and the rest of math, Decimal, and dates by datetime, date, timedelta and "
        "timezone. There are no variables, assignments, imports, comprehensions or f-strings."
    )

    expression: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_CHARACTERS),
        Field(
            description="The expression, such as sum([98, 104, 91]) / 3 or datetime(2023, 11, 7, 22, 47) - "
            'timedelta(hours=6) or (datetime.fromisoformat("2023-11-07T22:47:00+00:00") - '
            'datetime.fromisoformat("2022-10-01T08:00:00+00:00")).days'
        ),
    ]


def calculate(expression: str) -> str:
    """The value as text: numbers as JSON writes them, true and false, ISO 8601 dates, a duration with its hours.

    Raises AgentError with the reason when the expression cannot be evaluated.
    """
    try:
        with warnings.catch_warnings(action="ignore"), localcontext(Context(prec=28)):
            tree = ast.parse(expression.strip(), mode="eval")
            return _text(_Evaluator().value_of(tree.body, expression))
    except (InvalidExpression, SyntaxError, TypeError, ValueError, ArithmeticError) as error:
        raise AgentError(f"expression: {_reason(error)}; sent {shown(expression)}") from None
    except (RecursionError, MemoryError):
        raise AgentError("expression: nested too deep; split it") from None


class _Evaluator(EvalWithCompoundTypes):  # type: ignore[misc]
    """simpleeval, with operations that cannot grow."""

    def __init__(self) -> None:
        super().__init__(operators=_OPERATORS, functions={}, names=_CONSTANTS, allowed_attrs=_ATTRIBUTES)
        self.functions = _FUNCTIONS
        for node in _REFUSED:
            self.nodes.pop(node, None)
        self.nodes[ast.BinOp] = self._eval_chain

    def value_of(self, node: ast.expr, expression: str) -> Any:
        """The bounded value of a parsed expression."""
        self.expr = expression
        return self._eval(node)

    def _eval(self, node: ast.expr) -> Any:
        return _bounded(super()._eval(node))

    def _eval_chain(self, node: ast.expr) -> Any:
        """A sum of hundreds of readings nests to the left as deep as it is long; walk it without recursion."""
        chain: list[ast.BinOp] = []
        while isinstance(node, ast.BinOp):
            chain.append(node)
            node = node.left
        value = self._eval(node)
        for step in reversed(chain):
            operation = self.operators.get(type(step.op))
            if operation is None:
                raise OperatorNotDefined(type(step.op).__name__, self.expr)
            value = _bounded(operation(value, self._eval(step.right)))
        return value


def _bounded(value: Any) -> Any:
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        raise InvalidExpression("the number is too large")
    if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) > _MAX_DIGITS:
        raise InvalidExpression("the number is too large or too small")
    if isinstance(value, complex):
        raise InvalidExpression("the result is not a real number")
    return value


def _operands(operation: Callable[..., Any]) -> Callable[..., Any]:
    def checked(*operands: Any) -> Any:
        for operand in operands:
            if not isinstance(operand, _OPERANDS):
                raise InvalidExpression(f"arithmetic works on numbers and dates, not on {shown(operand)}")
        return operation(*operands)

    return checked


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(base, int) and isinstance(exponent, int) and base.bit_length() * abs(exponent) > _MAX_BITS:
        raise InvalidExpression("the number is too large")
    return base**exponent


def _round(value: Any, digits: int | None = None) -> Any:
    if digits is not None and (not isinstance(digits, int) or abs(digits) > _MAX_DIGITS):
        raise InvalidExpression(f"round takes at most {_MAX_DIGITS} digits")
    return round(value, digits)


def _decimal(value: str | float | Decimal = "0") -> Decimal:
    return Decimal(value)


def _factorial(number: int) -> int:
    if not isinstance(number, int) or number > _MAX_FACTORIAL:
        raise InvalidExpression(f"factorial takes whole numbers up to {_MAX_FACTORIAL}")
    return math.factorial(number)


def _choose(count: Callable[[int, int], int]) -> Callable[[int, int], int]:
    def checked(items: int, taken: int) -> int:
        if not isinstance(items, int) or items > _MAX_FACTORIAL:
            raise InvalidExpression(f"comb and perm take whole numbers up to {_MAX_FACTORIAL}")
        return count(items, taken)

    return checked


def _operators() -> dict[type[ast.AST], Callable[..., Any]]:
    plain = dict(EvalWithCompoundTypes().operators)
    binary = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.USub, ast.UAdd)
    kept = (ast.Eq, ast.NotEq, ast.Gt, ast.Lt, ast.GtE, ast.LtE, ast.Not, ast.Is, ast.IsNot, ast.In, ast.NotIn)
    return (
        {node: _operands(plain[node]) for node in binary}
        | {node: plain[node] for node in kept if node in plain}
        | {ast.Pow: _operands(_power)}
    )


_MATH_NAMESPACE = SimpleNamespace(
    **{name: getattr(math, name) for name in _MATH},
    factorial=_factorial,
    comb=_choose(math.comb),
    perm=_choose(math.perm),
)
_OPERATORS = _operators()
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "min": min, "max": max, "sum": sum, "round": _round, "abs": abs, "len": len, "Decimal": _decimal,
    "datetime": datetime, "date": date, "timedelta": timedelta, "timezone": timezone,
}  # fmt: skip
_CONSTANTS = {"math": _MATH_NAMESPACE, "True": True, "False": False}
_DATE_PARTS = {"year", "month", "day", "isoformat", "weekday", "isoweekday", "replace"}
_TIME_PARTS = {"hour", "minute", "second", "microsecond", "tzinfo", "date", "astimezone", "timestamp", "utcoffset"}
_ATTRIBUTES: dict[type, set[str]] = {
    SimpleNamespace: set(vars(_MATH_NAMESPACE)),
    type: {"fromisoformat", "utc"},
    datetime: _DATE_PARTS | _TIME_PARTS,
    date: _DATE_PARTS,
    timedelta: {"days", "seconds", "microseconds", "total_seconds"},
}


_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (FunctionNotDefined, "a function that is not among those listed"),
    (NameNotDefined, "a name that is not among those listed"),
    (AttributeDoesNotExist, "an attribute that does not exist"),
    (OperatorNotDefined, "an operation that is not available"),
    (FeatureNotAvailable, "notation or an attribute that is not available"),
    (SyntaxError, "not one expression in Python's notation"),
    (ZeroDivisionError, "division by zero"),
    (OverflowError, "the number is too large"),
    (ArithmeticError, "the value is not defined"),
    (TypeError, "operands or arguments of the wrong kind or number, such as dates with and without offset"),
    (ValueError, "a value that the function does not take"),
)
"""In our words, so that a message reads the same with every release of Python and simpleeval."""


def _reason(error: Exception) -> str:
    return next((words for kind, words in _REASONS if isinstance(error, kind)), str(error))


def _text(value: Any) -> str:
    if not isinstance(value, _RESULTS):
        raise InvalidExpression("the result is neither a number nor a date")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | Decimal) and not math.isfinite(value):
        raise InvalidExpression("the result is not a finite number")
    if isinstance(value, str):
        return orjson.dumps(value).decode()
    if isinstance(value, list | tuple):
        return f"[{', '.join(_text(item) for item in value)}]"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{value} ({value.total_seconds() / 3600!r} hours)"
    return str(value)
