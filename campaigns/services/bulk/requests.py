"""A bulk request as a whole: read the body, then accept it, or only check it. Shared by the API and the pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.choices import JobKindName
from campaigns.selectors.bulk.rows import RowMessage, messages
from campaigns.services.bulk.accept import Accepted, Envelope, accept, source_of
from campaigns.services.bulk.checking import PlanRowChecker
from campaigns.services.bulk.executors import CheckedRow, SourceRow
from campaigns.services.bulk.intake import Body, IncomingRow, Rows, row_text, rows_of
from campaigns.services.bulk.limits import VALIDATE_IN_REQUEST_ROWS
from campaigns.services.bulk.options import BulkOptions, read_options
from xmagnet.accounts.actor import Actor
from xmagnet.core.errors import FieldError, InvalidInput


@dataclass(frozen=True, slots=True)
class Preview:
    """What checking found; nothing was written."""

    rows: tuple[CheckedRow, ...]
    columns: tuple[str, ...]
    sources: tuple[Mapping[str, Any], ...] = ()  # by a row's index

    @property
    def invalid_count(self) -> int:
        """Rows with at least one error."""
        return sum(bool(row.problems) for row in self.rows)

    def errors_of(self, row: CheckedRow) -> tuple[RowMessage, ...]:
        """The row's errors in the active language."""
        return messages([problem.as_record() for problem in row.problems], row.index, self.columns)

    def warnings_of(self, row: CheckedRow) -> tuple[RowMessage, ...]:
        """The row's warnings in the active language."""
        return messages([problem.as_record() for problem in row.warnings], row.index, self.columns)


def read_request(body: Body, query: Mapping[str, Any]) -> tuple[Rows, BulkOptions]:
    """Rows and options of a body; options may stand in the query string or in the JSON envelope, not in both."""
    rows = rows_of(body)
    twice = sorted(set(query) & set(rows.options))
    if twice:
        detail = _("Give %(name)s once, in the query or in the body.") % {"name": twice[0]}
        raise InvalidInput(detail, errors=(FieldError(f"/options/{twice[0]}", "repeated", detail),))
    return rows, read_options({**rows.options, **query})


def accept_body(actor: Actor, body: Body, rows: Rows, options: BulkOptions, *, idempotency_key: str) -> Accepted:
    """Accept a request that is to be carried out, or checked as a job."""
    envelope = Envelope(
        kind=JobKindName.VALIDATE if options.validate_only else JobKindName.CREATE,
        options=options,
        idempotency_key=idempotency_key,
        path="plans/bulk",
        body_sha256=body.sha256,
        source=source_of(body, rows.columns),
    )
    return accept(actor, rows, envelope)


def check_rows(actor: Actor, rows: Rows) -> Preview | Rows:
    """Check small requests at once; a larger one comes back whole, to be accepted as a job."""
    actor.require("plans:write")
    iterator = iter(rows)
    first = list(islice(iterator, VALIDATE_IN_REQUEST_ROWS + 1))
    if len(first) > VALIDATE_IN_REQUEST_ROWS:
        return Rows(_chained(first, iterator), columns=rows.columns, options=rows.options)
    with transaction.atomic():
        for index, row in enumerate(first):
            row_text(row, index)  # what accepting would refuse is refused here as well
        checked = PlanRowChecker(actor).check(
            [SourceRow(index, row.line, row.source) for index, row in enumerate(first)]
        )
    return Preview(tuple(checked), tuple(rows.columns), tuple(row.source for row in first))


def _chained(first: list[IncomingRow], rest: Any) -> Any:
    yield from first
    yield from rest
