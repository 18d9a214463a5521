from services.cli.columns import columns


def test_rows_line_up_and_end_where_their_text_does() -> None:
    rows = [
        ("code", "entity", "message"),
        ("leak.detected", "R1", "wet"),
        ("data.stale", "R22", ""),
    ]

    assert columns(rows) == [
        "code           entity  message",
        "leak.detected  R1      wet",
        "data.stale     R22",
    ]


def test_no_rows_are_no_lines() -> None:
    assert columns([]) == []
