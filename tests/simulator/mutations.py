"""Ways to break the machine: a text in a file of shared/, and what takes its place.

Each takes away one thing that a promise rests on. The old text must be there exactly once, so that a
change of the service that moves it makes somebody look here.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutation:
    """`old` in `file` becomes `new`, which is seen `within` so many seeds, from `first` on."""

    file: str
    old: str
    new: str
    first: int = 0
    within: int = 400


MUTATIONS = {
    "write the record whoever has it by now": Mutation(
        "shared/service/turn.py",
        '                raise LeaseLost(f"{record.id} was changed by another") from error\n',
        "                self.etag = stored.row.etag\n"
        "                first = replace(operations[0].row, etag=self.etag)\n"
        "                return self._commit(record, [Replace(first), *operations[1:]])\n",
    ),
    "change the endpoint's row without the record as its fence": Mutation(
        "shared/service/turn.py",
        "etags = self._commit(self.record, [Replace(fence), Replace(row)])",
        "etags = [self.etag, *(self._commit(self.record, [Replace(row)]) or [])]",
    ),
    "lease what another turn has leased": Mutation(
        "shared/service/run.py",
        "if leases.is_leased(record, now) or not _is_due(ports, record, now):",
        "if not _is_due(ports, record, now):",
    ),
    "take a refused write for somebody else's, without reading back": Mutation(
        "shared/service/store.py",
        "            etags = _read_back(tables, table, signed, nonce)\n",
        "            etags = None\n",
        first=1310,
    ),
    "take a write that was refused for one's own": Mutation(
        "shared/service/store.py",
        'ours = [row is not None and row.values.get("nonce") == nonce for row in found]',
        "ours = [row is not None for row in found]",
    ),
    "send the hint before the commit": Mutation(
        "shared/service/submit.py",
        "        try:\n            store.commit(ports.tables, ports.random, store.RECORDS, operations)\n",
        "        hints.send_hint(ports.queue, record.user_key, record.id)\n"
        "        try:\n            store.commit(ports.tables, ports.random, store.RECORDS, operations)\n",
    ),
    "forget the owner's tag": Mutation(
        "shared/domain/ownership.py",
        "return {ENDPOINT_TAG: tag, OWNER_TAG: user_key}",
        "return {ENDPOINT_TAG: tag}",
    ),
    "forget the tag of the content": Mutation(
        "shared/domain/ownership.py",
        "return {DEPLOYMENT_TAG: record.id, DIGEST_TAG: record.package_digest}",
        "return {DEPLOYMENT_TAG: record.id}",
    ),
    "skip the index of what is unfinished": Mutation(
        "shared/service/settle.py",
        "    etags = store.commit(ports.tables, ports.random, store.INFLIGHT, [operation])\n",
        '    etags = [found.row.etag if found else "none"]\n',
    ),
    "take the entry off the index in any version": Mutation(
        "shared/service/store.py",
        "        return tables.get(table, row.partition, row.key) is None\n",
        "        newer = tables.get(table, row.partition, row.key)\n"
        "        return newer is None or remove(tables, table, newer)\n",
        first=200,
    ),
    "settle without looking whether an acceptance is under way": Mutation(
        "shared/service/settle.py",
        "return entry.generation > record.generation",
        "return False",
    ),
    "adopt whatever has the name": Mutation(
        "shared/domain/ownership.py",
        "return all(tags.get(name) == value for name, value in ours.items())",
        "return True",
    ),
    "free the endpoint before its deployment is there": Mutation(
        "shared/service/steps/endpoint.py",
        'return Done(text=f"Endpoint {name} is ready.", phases=(phases.ENDPOINT_READY,))',
        'return Done(\n            text=f"Endpoint {name} is ready.", phases=(phases.ENDPOINT_READY,),'
        " frees_endpoint=True\n        )",
    ),
    "change an endpoint that another holds": Mutation(
        "shared/service/turn.py",
        "        if not other:\n            return stored\n",
        "        if other is not None:\n            return stored\n",
    ),
    "bury an admission without taking its key": Mutation(
        "shared/service/settle.py",
        "        store.insert(ports.tables, ports.random, store.RECORDS, tombstone)\n",
        "        pass\n",
        first=130,
    ),
    "repair what a listing said, without another look": Mutation(
        "shared/service/reconcile/run.py",
        "        if look_again(turn.ports, named, finding) is None:\n"
        '            _end(turn, stored, "" if begun else "it is no longer so")\n',
        "        if begun and look_again(turn.ports, named, finding) is None:\n"
        '            _end(turn, stored, "" if begun else "it is no longer so")\n',
        first=80,
    ),
    "repair what is seen for the first time": Mutation(
        "shared/domain/reconcile/repair.py",
        "    if seen_since is None or now - seen_since < rules.gap:\n",
        "    if seen_since is not None and now - seen_since < rules.gap:\n",
    ),
    "take half of a listing for the whole": Mutation(
        "shared/service/reconcile/observe.py",
        "        self.unknown[self.area] = why\n",
        "        str(why)\n",
    ),
    "take away as much as there is": Mutation(
        "shared/domain/reconcile/repair.py",
        "    return {area: caps[area] for area, count in deletes.items() if count > caps[area]}",
        "    return {area: caps[area] for area, count in deletes.items() if count > 1000}",
    ),
    "empty the trash at once": Mutation(
        "shared/domain/reconcile/compare_artifacts.py",
        "    if now - seen.modified_at < timedelta(days=days):\n        return None\n",
        "",
    ),
    "remove a file without a copy in the trash": Mutation(
        "shared/service/catalogue/trash.py",
        "    if not blobs.touch(kept):\n        blobs.copy(found.key, kept, etag=found.etag)\n",
        "",
    ),
    "take files for nobody's that another installation describes": Mutation(
        "shared/service/reconcile/artifacts.py",
        "for side in (named.USED, _FOREIGN)",
        "for side in (named.USED,)",
    ),
    "leave what is missed in the trash": Mutation(
        "shared/service/catalogue/trash.py",
        "        blobs.copy(trash_key(key), key)\n",
        "        blobs.touch(trash_key(key))\n",
    ),
    "know an endpoint by its tags alone": Mutation(
        "shared/service/late_tags.py",
        "    if not claims.was_released(ports.tables, found.name, found.tags):\n",
        "    if found:\n",
    ),
    "leave old tags on an endpoint": Mutation(
        "shared/domain/reconcile/compare_endpoints.py",
        "    if row is None or not seen.released or is_ours(seen):\n",
        "    if seen:\n",
    ),
    "leave what a late call has brought back in the traffic": Mutation(
        "shared/service/steps/traffic.py",
        "        return _withdraw_left(turn)\n",
        '        return Done(text="It is on no endpoint any more.")\n',
        first=960,
    ),
    "take a copied tag for ours": Mutation(
        "shared/domain/reconcile/compare_endpoints.py",
        "    return recorded.lower() == _place(endpoint.name, seen.name).lower()",
        "    return bool(recorded)",
    ),
    "clear away with a model what is still being torn down": Mutation(
        "shared/service/catalogue/withdraw.py",
        "        return not plans.is_finished(record)\n",
        "        return False\n",
    ),
    "tell no deployment that its model is gone": Mutation(
        "shared/service/catalogue/withdraw.py",
        "    if stored is None or stored.record.model_deleted:\n",
        "    if stored is None or stored.record.id:\n",
    ),
    "deploy a model that is being deleted": Mutation(
        "shared/service/steps/prepare.py",
        "    if stored.record.leaving is not None:\n",
        "    if stored.record.leaving == 0:\n",
        first=120,
    ),
    "leave a deletion half done": Mutation(
        "shared/service/reconcile/repairs.py",
        "    withdraw.finish_deletion(ports, finding.user_key, finding.subject)\n",
        "    str(finding)\n",
        first=650,
    ),
    "measure a day that is not over": Mutation(
        "shared/domain/usage.py",
        "_DAY * number for number in range(1, ASKED_DAYS + 1))",
        "_DAY * number for number in range(0, ASKED_DAYS + 1))",
    ),
    "keep no row for its time": Mutation(
        "shared/domain/reconcile/compare_old.py",
        "    if since is None or now - since < timedelta(days=kept):\n",
        "    if since is None:\n",
    ),
    "keep old rows for ever": Mutation(
        "shared/service/reconcile/repairs.py",
        "    old_rows.remove_old(ports, finding.case, policy.event_days)\n",
        "    str(finding)\n",
    ),
}
