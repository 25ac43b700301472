"""A recipe of one's own: one more valid request of an operation, and what follows from it."""

from pytest_ecs import Cases, Ingredients, Request, recipe


@recipe("ecs.flavors.list")
def flavors(use: Ingredients) -> Request:
    """List the flavors (5.4.1)."""
    return Request()


@recipe("ecs.flavors.list", variant="one-zone")
def flavors_of_one_zone(use: Ingredients) -> Request:
    """List the flavors of one availability zone; *use* gives what the run was told or found."""
    return Request(query={"availability_zone": use.need("availability_zone")})


def test_a_recipe_is_driven(ecs_cases: Cases) -> None:
    """`ecs_cases` sends it, waits for what it starts and takes it back; every exchange is judged by the contract."""
    listed = ecs_cases.run("ecs.flavors.list", "one-zone")
    assert listed.accepted, listed.answer
