"""`laoke reseal`: personal data under a new key."""

from __future__ import annotations

import sys

from laoke.surfaces.cli.output import Json, emit
from laoke.surfaces.cli.session import Exit, now, ready, say


def reseal(json: Json = False) -> None:
    """Encrypt personal data, coupon codes, webhook secrets and code secrets anew with the current LAOKE_DATA_KEY.

    Put the new key into LAOKE_DATA_KEY and the former into LAOKE_OLD_DATA_KEYS, restart, run this to its end, then
    remove the former. A stopped run is simply started again. Backups made before keep needing the former key.

    Example: laoke reseal
    """
    with ready():
        from laoke.benefits.coupons import rotation as coupons
        from laoke.foundation.access import SYSTEM
        from laoke.foundation.staff import codes
        from laoke.foundation.webhooks import services as webhooks
        from laoke.members import services
        from laoke.surfaces.cli.progress import shown

        at = now()
        people = services.rows_to_reseal()
        total = people + coupons.rows_to_reseal()
        with shown("sealing anew", total, "rows", stoppable=True) as work:
            for seen in services.reseal(caller=SYSTEM, at=at):
                work.reach(seen)
                if work.stop_requested:
                    break
            for seen in coupons.reseal(caller=SYSTEM, at=at) if not work.stop_requested else ():
                work.reach(people + seen)
                if work.stop_requested:
                    break
        if work.stop_requested:
            say("Stopped. Run it again; what is done already is passed over quickly.")
            sys.exit(Exit.STOPPED)
        secrets = webhooks.reseal(SYSTEM, at=at)
        accounts = codes.reseal(SYSTEM, at=at)
        result = {"rows": work.done, "webhook_endpoints": secrets, "accounts_with_codes": accounts}
        words = (
            f"{work.done:,} rows, {secrets} webhook endpoints and {accounts} accounts with codes "
            "carry the current key."
        )
        emit(result, as_json=json, text=words)
