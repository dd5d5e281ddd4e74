"""Tables whose rows are facts: the database itself refuses to change or delete them."""

from __future__ import annotations

from django.db.migrations import RunSQL

CREATE_FUNCTION = RunSQL(
    """
    create function laoke_refuse_change() returns trigger language plpgsql as $$
    begin
        raise exception '% rows are facts: they are added, never changed or deleted', tg_table_name
            using errcode = 'integrity_constraint_violation';
    end $$
    """,
    "drop function laoke_refuse_change()",
)


def immutable(table: str) -> RunSQL:
    """A migration operation that protects `table` against update, delete and truncate."""
    return RunSQL(
        f"create trigger {table}_is_fact before update or delete on {table} "
        f"for each row execute function laoke_refuse_change(); "
        f"create trigger {table}_is_kept before truncate on {table} "
        f"for each statement execute function laoke_refuse_change()",
        f"drop trigger {table}_is_fact on {table}; drop trigger {table}_is_kept on {table}",
    )
