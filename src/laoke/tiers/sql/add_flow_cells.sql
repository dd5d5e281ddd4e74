-- Add what a batch of members comes to. Parameters: run; flows, stores, sources, targets, members, spends: one each a cell.
insert into tiers_tierflowcell (run_id, flow, store_id, from_tier, to_tier, members, spend_minor)
select %(run)s, c.flow, c.store_id, c.from_tier, c.to_tier, c.members, c.spend_minor
from unnest(
    %(flows)s::int[], %(stores)s::bigint[], %(sources)s::text[], %(targets)s::text[], %(members)s::int[],
    %(spends)s::bigint[]
) as c (flow, store_id, from_tier, to_tier, members, spend_minor)
on conflict (run_id, flow, store_id, from_tier, to_tier) do update
set
    members = tiers_tierflowcell.members + excluded.members,
    spend_minor = tiers_tierflowcell.spend_minor + excluded.spend_minor
