"""Unquoted YAML scalars as YAML 1.1 and 1.2 both read them; what to write where they differ."""

import re
from collections.abc import Callable
from math import isfinite
from typing import Any, TypeAlias

_TRUE_FALSE = {"true": True, "false": False}
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


def read_plain(text: str) -> tuple[Any, str]:
    """Return an unquoted scalar as both YAML versions read it, else also what to write instead."""
    if text in ("", "~", "null", "Null", "NULL"):
        return None, ""
    if text.lower() in _TRUE_FALSE and text in (text.lower(), text.title(), text.upper()):
        return _TRUE_FALSE[text.lower()], ""
    if _INTEGER.fullmatch(text):
        return int(text), ""
    if _HEXADECIMAL.fullmatch(text):
        return int(text, 16), ""
    if _FLOAT.fullmatch(text):
        return (float(text), "") if isfinite(float(text)) else (0.0, "write a finite number")
    for pattern, read in _SURPRISES:
        if pattern.fullmatch(text):
            return read(text)
    return text, ""


def _switch(text: str) -> tuple[Any, str]:
    value = text.lower() in ("yes", "on")
    meant = str(value).lower()
    return text, f'write {meant}, which YAML 1.1 takes it for; or quote it: "{text}"'


def _octal(text: str) -> tuple[Any, str]:
    digits = text.replace("0o", "").replace("0O", "").lstrip("+-0") or "0"
    sign = "-" if text.startswith("-") else ""
    meant = f"{sign}{int(digits, 8)}" if set(digits) <= set("01234567") else f"{sign}{digits}"
    other = "" if "o" in text.lower() or meant == f"{sign}{digits}" else f" or {sign}{digits}"
    return int(meant), f'write {meant}{other}, or quote it: "{text}"'


def _binary(text: str) -> tuple[Any, str]:
    return int(text, 2), f'write {int(text, 2)}, or quote it: "{text}"'


def _underscored(text: str) -> tuple[Any, str]:
    number = text.replace("_", "")
    return float(number) if "." in number else int(number), f"write {number}"


def _sexagesimal(text: str) -> tuple[Any, str]:
    total = 0.0
    for part in text.lstrip("+-").split(":"):
        total = total * 60 + float(part)
    return text, f'quote it: "{text}"; or write {total:g}, which YAML 1.1 takes it for'


def _date(text: str) -> tuple[Any, str]:
    return text, f'quote it: "{text}"; YAML 1.1 takes it for a date'


def _infinite(text: str) -> tuple[Any, str]:
    return 0.0, f"write a finite number instead of {text}"


_Reading: TypeAlias = Callable[[str], tuple[Any, str]]

_SURPRISES: tuple[tuple[re.Pattern[str], _Reading], ...] = (
    (re.compile(r"(?i:yes|no|on|off)"), _switch),
    (re.compile(r"[-+]?0o[0-7]+|[-+]?0[0-9]+"), _octal),
    (re.compile(r"[-+]?0b[01]+"), _binary),
    (re.compile(r"[-+]?[1-9][0-9_]*_[0-9_]*(?:\.[0-9_]*)?"), _underscored),
    (re.compile(r"[-+]?[0-9]+(?::[0-5]?[0-9])+(?:\.[0-9]*)?"), _sexagesimal),
    (re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?"), _date),
    (re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"), _infinite),
)
