from services.history.losses import OTHERS, Losses


def test_those_who_lost_most_are_named_and_the_rest_is_one_sum() -> None:
    losses = Losses()
    losses.add({"a": 1, "b": 5})
    losses.add({"a": 2, "c": 4})

    assert losses.total == 12
    assert losses.worst(2) == {"b": 5, "c": 4, OTHERS: 3}
    assert losses.worst(9) == {"b": 5, "c": 4, "a": 3}


def test_only_so_many_points_are_told_apart() -> None:
    losses = Losses(most=2)
    for point in "abcda":
        losses.add({point: 1})

    assert losses.worst(9) == {"a": 2, "b": 1, OTHERS: 2}


def test_nothing_lost_is_nobody() -> None:
    assert Losses().worst(5) == {}
