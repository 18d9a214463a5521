import pytest
from pydantic import BaseModel, ConfigDict, field_validator

from schemas.toml_text import TomlError, parse_toml, path_of


class Paint(BaseModel):
    """What a text may say."""

    model_config = ConfigDict(extra="forbid")

    colour: str = "red"
    coats: tuple[int, ...] = ()
    walls: dict[str, int] = {}

    @field_validator("colour")
    @classmethod
    def _real(cls, said: str) -> str:
        if said == "octarine":
            raise ValueError("nobody sees it")
        return said


def test_text_is_read_into_a_model() -> None:
    assert parse_toml("colour = 'blue'\ncoats = [1, 2]", Paint) == Paint(
        colour="blue", coats=(1, 2)
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colour", "not TOML: "),
        ("smell = 1", "smell: no such key"),
        ("coats = 1", "coats: Input should be a list"),
        ("walls = 1", "walls: Input should be a table"),
        ("walls.'a b' = 'x'", 'walls."a b": Input should be a valid integer'),
        ("colour = 'octarine'", "colour: nobody sees it"),
        ("smell = 1\ntaste = 2", "smell: no such key\ntaste: no such key"),
    ],
)
def test_what_is_wrong_is_named_by_its_key(text: str, said: str) -> None:
    with pytest.raises(TomlError) as raised:
        parse_toml(text, Paint)

    assert str(raised.value).startswith(said)


def test_key_is_quoted_where_toml_quotes_it() -> None:
    assert path_of("racks", "a b", 3, "") == 'racks."a b".3.""'


def test_fault_of_the_whole_has_no_key() -> None:
    class Pair(BaseModel):
        one: int = 1

        def model_post_init(self, context: object, /) -> None:
            del context
            raise ValueError("never")

    with pytest.raises(TomlError, match=r"^never$"):
        parse_toml("", Pair)
