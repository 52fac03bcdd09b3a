from __future__ import annotations

from itertools import combinations

from personas.report.label_places import Box, Disc, leader_line, page_of, place_labels


def test_labels_stay_apart_and_on_the_page():
    discs = [Disc(100 + 30 * i, 100, 8) for i in range(6)]
    labels = place_labels(discs, [(60, 14)] * 6, page_of(400, 200))

    assert all(a.box.overlap(b.box) == 0 for a, b in combinations(labels, 2))
    assert all(label.box.x >= 4 and label.box.x + label.box.width <= 396 for label in labels)


def test_labels_keep_off_other_text():
    disc, alone = Disc(50, 50, 10), Box(60, 40, 60, 20)
    (label,) = place_labels([disc], [(30, 14)], page_of(200, 100), [alone])

    assert place_labels([disc], [(30, 14)], page_of(200, 100))[0].box.overlap(alone) > 0
    assert label.box.overlap(alone) == 0


def test_a_label_beside_its_disc_needs_no_leader():
    disc = Disc(50, 50, 10)

    assert leader_line(disc, Box(66, 45, 30, 10)) is None
    x1, y1, x2, y2 = leader_line(disc, Box(120, 45, 30, 10))
    assert (x1, y1, x2, y2) == (60.0, 50.0, 120.0, 50.0)
