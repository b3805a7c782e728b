"""Takes what looks like a secret out of a text that people are to read.

It rather takes too much: whoever needs the whole text finds it where it came from.
"""

import re

GONE = "[redacted]"
_TELLING = (
    r"authorization|account_?key|access_?key|api[_-]?key|private_?key|functions-key|"
    r"shared_?access_?(?:signature|key)|connection_?string|credential|passw(?:or)?d|pwd|secret|token|"
    r"signature"
)
_QUOTE = r"\\{0,3}[\"']"  # also one that stands escaped in another text
_NAME = rf"(?=[\w.-]{{0,64}}(?:{_TELLING}))[\w.-]{{1,128}}|sig|sas|code"
_VALUE = rf"{_QUOTE}[^\"'\\]*|(?:Bearer|Basic|SharedKey)\s[^\s\"'&;,]+|[^\s\"'&;,}}\\]+"
_NAMED = re.compile(rf"(?i)(?<![\w.-])((?:{_NAME})(?:{_QUOTE})?\s{{0,4}}[=:]\s{{0,4}})(?:{_VALUE})")
_SCHEME = re.compile(r"(?i)\b(Bearer|Basic|SharedKey)\s+[\w.~+/=:-]{8,}")
_USER = re.compile(r"(?<=://)[^/\s@\"']{1,256}@")
_PRIVATE_KEY = re.compile(r"-----BEGIN [^-]{0,40}-----(?:[^-]|-(?!----))*(?:-----END[^-]*-----)?")
_SHAPES = re.compile(r"\beyJ[\w-]{6,}(?:\.[\w-]*){0,2}|\b(?:AKIA|ASIA)[0-9A-Z]{8,}")
_KEY_MATERIAL = re.compile(r"[A-Za-z0-9+/_=-]{40,}")


def redact(text: str) -> str:
    """The text without keys, tokens, passwords and signatures, and without long runs they are made of."""
    text = _PRIVATE_KEY.sub(GONE, text)
    text = _NAMED.sub(rf"\1{GONE}", text)
    text = _SCHEME.sub(rf"\1 {GONE}", text)
    text = _USER.sub(f"{GONE}@", text)
    text = _SHAPES.sub(GONE, text)
    return _KEY_MATERIAL.sub(GONE, text)
