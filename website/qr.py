"""QR codes as drawings within a page: nothing is loaded, and print is as sharp as the screen."""

import segno
from markupsafe import Markup, escape

# ISO/IEC 18004 asks for four modules of white around the code; M survives a crease.
_QUIET, _ERROR = 4, "m"


def drawn(content: str, name: str) -> Markup:
    """Return the code of a text as SVG; ``name`` is what who cannot see it is told of it."""
    code = segno.make(content, error=_ERROR, micro=False)
    svg = code.svg_inline(border=_QUIET, omitsize=True, svgclass="qr", lineclass=None)
    named = f'<svg role="img" aria-label="{escape(name)}" focusable="false" '
    return Markup(svg.replace("<svg ", named, 1))  # noqa: S704 - digits, and a name that is escaped
