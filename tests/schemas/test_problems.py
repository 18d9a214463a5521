from schemas.problems import Mistake, Problem


def test_problem_says_only_what_there_is_to_say() -> None:
    assert Problem(title="Not Found", status=404).model_dump() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
    }


def test_problem_with_mistakes_says_where_they_are() -> None:
    mistake = Mistake(pointer="#/query/limit", detail="too large")
    problem = Problem(title="The request is wrong", status=422, errors=(mistake,))
    assert problem.model_dump()["errors"] == ({"pointer": "#/query/limit", "detail": "too large"},)
