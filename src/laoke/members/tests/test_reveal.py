"""A look at personal data always leaves a trace."""

from __future__ import annotations

from datetime import date

import pytest

from laoke.foundation.access import Caller, MissingScope, Scope
from laoke.foundation.audit.models import AuditEntry
from laoke.members import selectors, services
from laoke.members.errors import BadMemberField, ReasonMissing
from laoke.members.tests.spelling import identity

pytestmark = pytest.mark.django_db


@pytest.fixture
def look(clerk, t0):
    def one(member_id, field):
        return selectors.reveal(caller=clerk, member_id=member_id, field=field, reason="回访", at=t0)

    return one


def test_every_field(join, look, clerk, t0):
    member_id = join(
        "card:hl058213",
        "phone:138 0013 6217",
        "email:Jane@example.com",
        "wechat_openid@app:oXyz",
        name="陈雨桐",
        birth_date=date(1992, 2, 29),
    )
    services.add_identity(caller=clerk, member_id=member_id, identity=identity("phone:13911112222"), at=t0)
    assert look(member_id, "name") == ("陈雨桐",)
    assert look(member_id, "birth_date") == ("1992-02-29",)
    assert look(member_id, "phone") == ("+8613911112222", "+8613800136217")
    assert look(member_id, "card") == ("HL058213",)
    assert look(member_id, "email") == ("jane@example.com",)
    assert look(member_id, "wechat_openid") == ("oXyz",)
    assert look(member_id, "shop_account") == ()


def test_the_trace(join, look, t0):
    member_id = join("card:1001")
    assert look(member_id, "name") == ()
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.object_kind, entry.object_id) == ("member.revealed", "member", str(member_id))
    assert (entry.actor, entry.reason, entry.after, entry.at) == ("林晓雯", "回访", {"field": "name"}, t0)


def test_refused_looks(join, clerk, t0, everything):
    member_id = join("card:1001", name="陈雨桐")
    reader = Caller("staff", 8, "导购", frozenset({Scope.MEMBERS_READ}))
    before = everything()
    with pytest.raises(MissingScope, match="members:reveal"):
        selectors.reveal(caller=reader, member_id=member_id, field="name", reason="why not", at=t0)
    with pytest.raises(ReasonMissing):
        selectors.reveal(caller=clerk, member_id=member_id, field="name", reason="", at=t0)
    with pytest.raises(BadMemberField):
        selectors.reveal(caller=clerk, member_id=member_id, field="name_sealed", reason="why not", at=t0)
    assert everything() == before
