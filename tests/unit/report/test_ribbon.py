from __future__ import annotations

import re

from personas.report.ribbon import ribbon_path


def test_a_band_begins_and_ends_as_thick_as_asked():
    path = ribbon_path(10, 20, 110, 50, thick=(8, 3))
    numbers = [float(n) for n in re.findall(r"-?[0-9.]+", path)]

    assert path.startswith("M10.0 20.0C")
    assert path.endswith("Z")
    assert "110.0 50.0V53.0" in path
    assert numbers[-2:] == [10.0, 28.0]
