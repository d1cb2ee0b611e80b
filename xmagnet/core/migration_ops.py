"""Migration operations that Django has no words for. Each is reversible."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.migrations.operations import RunSQL

POLICY = "tenant"


class IsolateTenant(RunSQL):
    """Row-level security on a table: only rows of ``app.organization``; with ``or_own_user`` also a person's own rows.

    FORCE, because the owner must not see more than the application does. Also adds ``UNIQUE (organization_id, id)``,
    the target of composite foreign keys, unless the primary key already starts with the organization.
    """

    def __init__(self, table: str, *, key: str | None = "id", or_own_user: str | None = None) -> None:
        mine = "organization_id = nullif(current_setting('app.organization', true), '')::bigint"
        visible = mine
        if or_own_user:
            visible += f" OR {or_own_user} = nullif(current_setting('app.user', true), '')::bigint"
        forward: list[Any] = [
            f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
            f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
            f'CREATE POLICY {POLICY} ON "{table}" USING ({visible}) WITH CHECK ({mine})',
        ]
        backward: list[Any] = [
            f'DROP POLICY {POLICY} ON "{table}"',
            f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY',
            f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY',
        ]
        if key:
            forward.append(f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_tenant_key" UNIQUE (organization_id, {key})')
            backward.insert(0, f'ALTER TABLE "{table}" DROP CONSTRAINT "{table}_tenant_key"')
        super().__init__(forward, backward)


class SameTenant(RunSQL):
    """A composite foreign key: the parent must belong to the same organization as the child."""

    def __init__(self, table: str, column: str, parent: str, *, parent_column: str = "id", on_delete: str = "") -> None:
        name = f"{table}_{column}_same_tenant"
        action = f" ON DELETE {on_delete}" if on_delete else ""
        super().__init__(
            f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" FOREIGN KEY (organization_id, {column}) '
            f'REFERENCES "{parent}" (organization_id, {parent_column}){action} DEFERRABLE INITIALLY DEFERRED',
            f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"',
        )


class AppendOnly(RunSQL):
    """UPDATE, DELETE and TRUNCATE are refused for everybody, by trigger."""

    def __init__(self, table: str) -> None:
        function = f"{table}_append_only"
        super().__init__(
            [
                f"""CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'insufficient_privilege'; END $$""",
                f'CREATE TRIGGER {function}_rows BEFORE UPDATE OR DELETE ON "{table}" '
                f"FOR EACH ROW EXECUTE FUNCTION {function}()",
                f'CREATE TRIGGER {function}_all BEFORE TRUNCATE ON "{table}" '
                f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()",
                f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER {function}_rows',
                f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER {function}_all',
            ],
            [
                f'DROP TRIGGER {function}_all ON "{table}"',
                f'DROP TRIGGER {function}_rows ON "{table}"',
                f"DROP FUNCTION {function}()",
            ],
        )


class Storage(RunSQL):
    """Storage parameters of a table that is updated in place all day."""

    def __init__(self, table: str, parameters: Sequence[str], reset: Sequence[str]) -> None:
        super().__init__(
            f'ALTER TABLE "{table}" SET ({", ".join(parameters)})',
            f'ALTER TABLE "{table}" RESET ({", ".join(reset)})',
        )
