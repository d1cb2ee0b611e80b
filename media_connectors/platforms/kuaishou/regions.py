"""Kuaishou's own region ids and our GB/T 2260 codes: matched by names, the media's list read once a day.

The vendor publishes no table of its ids, only ``v1/region/list``. A province is found by its name, a city by its name
inside its province; a name that fits none or two of the list is not matched.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from media_connectors.contracts import FOREIGN_REGION, AccountAccess
from media_connectors.errors import Malformed, MediaError, Rejected, Transient
from media_connectors.platforms.kuaishou.client import KuaishouClient
from media_connectors.platforms.wire import JsonObject, as_int, as_object, as_text
from xmagnet.core.regions import Region, all_regions, region_of

PATH = "v1/region/list"
PROVINCE, CITY = 1, 2
FRESH_SECONDS = 24 * 3600.0
#: after a failed read: how long an old list serves, and how long nobody asks again where there is none
RETRY_SECONDS, REST_SECONDS = 600.0, 5.0
#: A create holds a lease that allows for one call. Had the list to be read and took longer, nothing is sent: the row
#: comes back in seconds and finds the list here.
MOST_SECONDS_BEFORE_A_WRITE = 3.0

# What an official name has behind the short one: 上海市, 广西壮族自治区, 恩施土家族苗族自治州, 兴安盟, 阿里地区.
_ENDING = re.compile(r"省|市|地区|盟|特别行政区|\w{0,12}自治[区州]")


@dataclass(frozen=True, slots=True)
class RegionTable:
    """The two-way table of one list."""

    ids: dict[int, int]  # by our code
    codes: dict[int, int]  # by Kuaishou's id
    known_ids: frozenset[int]

    def id_of(self, code: int) -> int:
        """Kuaishou's id. Raises ``Rejected`` for a code that Kuaishou has no region for.

        Leaving it out would show the plan to more people than asked for, to everybody if it is the only one.
        """
        if code >= FOREIGN_REGION:
            found = code - FOREIGN_REGION
            if found in self.known_ids:
                return found
        elif (region := region_of(code)) is not None and region.code in self.ids:
            return self.ids[region.code]
        raise Rejected(f"Kuaishou has no region for the code {code}", field="targeting")

    def code_of(self, region_id: int) -> int:
        """Our code, or for a district and any other region that we have no code for an opaque one.

        Its province or city would be a code, but a copy of such a plan would then reach more people than the plan.
        An opaque code goes back to Kuaishou as the same id; other media refuse it.
        """
        return self.codes.get(region_id, FOREIGN_REGION + region_id)


def table_from(data: JsonObject) -> RegionTable:
    """The table of a list's ``data``; raises ``Malformed`` when hardly a province is in it."""
    listed = {region_id: as_object(item) for key, item in data.items() if (region_id := as_int(key))}
    provinces = [(region_id, item) for region_id, item in listed.items() if as_int(item.get("level")) == PROVINCE]
    cities: dict[int, list[tuple[int, JsonObject]]] = {}
    for region_id, item in listed.items():
        if as_int(item.get("level")) == CITY:
            cities.setdefault(as_int(item.get("parent")), []).append((region_id, item))
    ids: dict[int, int] = {}
    for region in all_regions().values():
        among = provinces if region.province is None else cities.get(ids.get(region.province.code, 0), [])
        found = _match(region, among)
        if found is not None:
            ids[region.code] = found
    if not ids:
        raise Malformed("a list of regions without a province that we know")
    return RegionTable(ids, {region_id: code for code, region_id in ids.items()}, frozenset(listed))


def _match(region: Region, among: Iterable[tuple[int, JsonObject]]) -> int | None:
    """The one region of that name, written short or in full."""
    exact, full = [], []
    for region_id, item in among:
        name = as_text(item.get("name"))
        if name == region.chinese:
            exact.append(region_id)
        elif name.startswith(region.chinese) and _ENDING.fullmatch(name[len(region.chinese) :]):
            full.append(region_id)
    found = exact or full
    return found[0] if len(found) == 1 else None


class RegionBook:
    """The table, read when it is first needed and at most once a day in a process, however many threads ask.

    The ids are the vendor's and the same whoever asks, so one list serves all accounts and applications.
    """

    def __init__(self, client: KuaishouClient, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._lock = threading.Lock()
        self._table: RegionTable | None = None
        self._read_again_at = 0.0

    def ids_for_write(self, access: AccountAccess, codes: Sequence[int]) -> list[int]:
        """Kuaishou's ids of our codes, each once.

        Raises ``Rejected`` for a code without a region and ``Transient`` when the list cannot be had at once; nothing
        is sent then.
        """
        if not codes:
            return []
        began = self._clock()
        try:
            table = self._current(access)
        except Malformed as error:  # of a read: a write that was not sent is not of unknown outcome
            raise Transient(error.message, code=error.code, request_id=error.request_id) from error
        if self._clock() - began > MOST_SECONDS_BEFORE_A_WRITE:
            raise Transient("not sent: the list of regions took too long")
        return list(dict.fromkeys(table.id_of(code) for code in codes))

    def codes_of(self, access: AccountAccess, region_ids: Sequence[int]) -> tuple[int, ...]:
        """Our codes of Kuaishou's ids; see ``RegionTable.code_of`` for those that have none."""
        if not region_ids:
            return ()
        table = self._current(access)
        return tuple(table.code_of(region_id) for region_id in region_ids)

    def _current(self, access: AccountAccess) -> RegionTable:
        table = self._table
        if table is not None and self._clock() < self._read_again_at:
            return table
        with self._lock:  # one reads, the others wait for it
            if self._clock() < self._read_again_at:
                if self._table is None:
                    raise Transient("the list of regions could not be read a moment ago")
                return self._table
            return self._read(access)

    def _read(self, access: AccountAccess) -> RegionTable:
        body = {"advertiser_id": int(access.account_remote_id)}
        try:
            self._table = self._client.read(access, PATH, body, table_from)
        except MediaError as error:
            if self._table is not None:  # regions hardly ever change: yesterday's list is better than none
                self._read_again_at = self._clock() + RETRY_SECONDS
                return self._table
            if isinstance(error, Transient):  # not this account's fault: spare the others the wait
                self._read_again_at = self._clock() + REST_SECONDS
            raise
        self._read_again_at = self._clock() + FRESH_SECONDS
        return self._table
