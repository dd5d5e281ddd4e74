import numpy as np

from laoke.surfaces.demo.draws import cumulated, pick, stable_uniform, stream


def test_pick_follows_the_shares_of_its_row_and_skips_what_has_none():
    table = cumulated([[1, 0, 3], [0, 2, 0]])
    rows = np.array([0, 0, 0, 1, 1])
    uniform = np.array([0.0, 0.249, 0.25, 0.0, 0.999999999])
    assert pick(table, rows, uniform).tolist() == [0, 0, 2, 1, 1]


def test_a_stable_uniform_belongs_to_its_pair():
    who = np.arange(20_000)
    first = stable_uniform(7, who, 3)
    assert (first == stable_uniform(7, who, 3)).all()
    assert abs(first.mean() - 0.5) < 0.01
    assert abs(np.corrcoef(first, stable_uniform(7, who, 4))[0, 1]) < 0.03
    assert first.min() >= 0
    assert first.max() < 1


def test_ideas_have_streams_of_their_own():
    assert stream(7, "crowd").random() == stream(7, "crowd").random()
    assert len({stream(7, "crowd").random(), stream(7, "prices").random(), stream(8, "crowd").random()}) == 3
