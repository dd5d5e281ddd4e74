-- Follow merged members of the rows at hand one step towards the end of their chain. Repeat until no row moves.
update adjusting
set member_id = m.merged_into_id
from members_member m
where m.id = adjusting.member_id and m.status = 'merged'
