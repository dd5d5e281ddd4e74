-- What the new computation no longer finds. Figures of states (%(states)s) were true on their day and stay, as long as
-- the day is kept.
delete from review_figure old
where (old.day <> all(%(days)s::date[]) or old.day = %(as_of)s::date or old.metric <> all(%(states)s::text[]))
    and not exists (
        select from new_figure new
        where (new.store_id, new.metric, new.part, new.day) = (old.store_id, old.metric, old.part, old.day)
    )
