-- Members who bought, brought goods back or changed their tier since a preview was made.
-- Grain: one row a member. Parameters: last_order, last_return, last_change, the newest numbers it knows.
select member_id from purchases_order where id > %(last_order)s and member_id is not null
union
select member_id from purchases_orderreturn where id > %(last_return)s and member_id is not null
union
select member_id from tiers_tierchange where id > %(last_change)s
order by 1
