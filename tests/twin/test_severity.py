from itertools import combinations_with_replacement

from twin.severity import RANK, Severity, worse


def test_severities_rank_from_well_to_worst() -> None:
    assert sorted(Severity, key=RANK.__getitem__) == ["OK", "WARNING", "CRITICAL"]


def test_worse_of_two_is_the_same_either_way_round() -> None:
    for one, other in combinations_with_replacement(Severity, 2):
        assert worse(one, other) == worse(other, one) == other
