"""Files and titles as rows of their own: kept whenever the contents of plans are written, a few statements a batch.

``Plan.materials`` and ``Plan.titles`` stay what a plan says of itself; these rows are what can be searched, filtered by
and chosen from. They are made from the plans' own columns, so they cannot say anything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

from xmagnet.core.scope import require_organization_id

_FILES = """SELECT p.organization_id, p.account_id, p.id AS plan_id, p.created_at, file ->> 'kind' AS kind,
        file ->> 'remote_id' AS remote_id, left(coalesce(file ->> 'cover_remote_id', ''), 128) AS cover_remote_id
    FROM campaigns_plan p, jsonb_array_elements(p.materials) AS file
    WHERE p.organization_id = %(organization)s AND p.id = ANY(%(plans)s)
        AND length(file ->> 'remote_id') BETWEEN 1 AND 128"""
_TITLES = """SELECT p.organization_id, p.account_id, p.id AS plan_id, p.created_at, left(title, 300) AS name
    FROM campaigns_plan p, jsonb_array_elements_text(p.titles) AS title
    WHERE p.organization_id = %(organization)s AND p.id = ANY(%(plans)s) AND title <> ''"""
# In the order of the unique keys, so that two workers at the same account wait for each other and never in a circle.
_KEEP_FILES = f"""INSERT INTO campaigns_accountmaterial AS kept (organization_id, account_id, kind, remote_id, name,
        cover_remote_id, width, height, duration_ms, first_seen_at)
    SELECT DISTINCT ON (remote_id, account_id) organization_id, account_id, kind, remote_id, '', cover_remote_id,
        0, 0, 0, min(created_at) OVER (PARTITION BY remote_id, account_id)
    FROM ({_FILES}) AS shown ORDER BY remote_id, account_id, plan_id DESC
    ON CONFLICT (organization_id, remote_id, account_id) WHERE NOT (kind = 'title')
    DO UPDATE SET cover_remote_id = EXCLUDED.cover_remote_id
    WHERE EXCLUDED.cover_remote_id NOT IN ('', kept.cover_remote_id)"""
_KEEP_TITLES = f"""INSERT INTO campaigns_accountmaterial (organization_id, account_id, kind, remote_id, name,
        cover_remote_id, width, height, duration_ms, first_seen_at)
    SELECT organization_id, account_id, 'title', '', name, '', 0, 0, 0, min(created_at)
    FROM ({_TITLES}) AS shown GROUP BY 1, 2, name ORDER BY name, account_id ON CONFLICT DO NOTHING"""
# One look at an index for each: a join would read every material of the organization, for a handful of plans.
_KEEP_USES = f"""WITH wanted AS MATERIALIZED (
        SELECT organization_id, plan_id, m.id AS material_id FROM ({_FILES}) AS shown, LATERAL (
            SELECT id FROM campaigns_accountmaterial WHERE organization_id = %(organization)s
                AND account_id = shown.account_id AND remote_id = shown.remote_id AND NOT (kind = 'title') LIMIT 1) AS m
        UNION
        SELECT organization_id, plan_id, m.id FROM ({_TITLES}) AS shown, LATERAL (
            SELECT id FROM campaigns_accountmaterial WHERE organization_id = %(organization)s
                AND account_id = shown.account_id AND name = shown.name AND kind = 'title' LIMIT 1) AS m
    ), gone AS (
        DELETE FROM campaigns_planmaterial AS kept WHERE organization_id = %(organization)s AND plan_id = ANY(%(plans)s)
            AND NOT EXISTS (SELECT FROM wanted WHERE (plan_id, material_id) = (kept.plan_id, kept.material_id))
    )
    INSERT INTO campaigns_planmaterial (organization_id, plan_id, material_id)
    SELECT organization_id, plan_id, material_id FROM wanted ON CONFLICT DO NOTHING"""


def keep_materials(plan_ids: Sequence[int]) -> None:
    """Bring the rows up to what the plans show now, in the transaction that wrote the plans."""
    if not plan_ids:
        return
    values: dict[str, Any] = {"organization": require_organization_id(), "plans": list(plan_ids)}
    with connection.cursor() as cursor:
        for statement in (_KEEP_FILES, _KEEP_TITLES, _KEEP_USES):
            cursor.execute(statement, values)
