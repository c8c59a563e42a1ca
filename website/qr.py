"""QR codes as drawings within a page: nothing is loaded, and print is as sharp as the screen."""

import segno
from markupsafe import Markup

# ISO/IEC 18004 asks for four modules of white around the code; M survives a crease.
_QUIET, _ERROR = 4, "m"


def drawn(content: str) -> Markup:
    """Return the code of a text as SVG; who cannot see it reads the link beside it."""
    code = segno.make(content, error=_ERROR, micro=False)
    svg = code.svg_inline(border=_QUIET, omitsize=True, svgclass="qr", lineclass=None)
    # Hidden from screen readers, for which the link says the same.
    return Markup(svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1))  # noqa: S704 - digits
