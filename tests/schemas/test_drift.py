from schemas.drift import Drift


def test_each_kind_is_its_own_label() -> None:
    assert [str(kind) for kind in Drift] == [kind.name.lower() for kind in Drift]
