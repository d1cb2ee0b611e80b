"""Going through many rows in pieces: all of them, once, in order."""

import pytest

from tests.factories import OrganizationFactory
from xmagnet.accounts.models import Organization
from xmagnet.core.batches import batches_of, rows_by_key


def test_batches_keep_the_order_and_the_rest():
    assert list(batches_of(iter(range(5)), 2)) == [[0, 1], [2, 3], [4]]
    assert list(batches_of([], 2)) == []


@pytest.mark.django_db
@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5])
def test_rows_come_in_the_order_of_their_key_a_piece_at_a_time(
    count: int, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries
):
    monkeypatch.setattr("xmagnet.core.batches.ROWS", 2)
    slugs = [f"org-{number}" for number in range(count)]
    for slug in reversed(slugs):
        OrganizationFactory(slug=slug)
    with django_assert_num_queries(count // 2 + 1):
        assert [row.slug for row in rows_by_key(Organization.objects.all(), "slug")] == slugs
    names = Organization.objects.values_list("slug", "name")
    assert [row[0] for row in rows_by_key(names, "slug", is_descending=True)] == slugs[::-1]
