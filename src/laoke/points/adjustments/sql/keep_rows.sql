-- Keep the rows at hand that the file did not book before, numbered by member. Parameters: file; done (the last number used); at.
-- Equal rows of a member are told apart by how often they stand there: of three where one was booked, two are new.
-- What was booked for members merged since counts for the one they were merged into. Answers with how many rows are new.
with recursive chain as (
    select distinct r.member_id as named, r.member_id as member_id
    from points_adjustmentrow r
    where r.file_id = %(file)s
    union all
    select c.named, m.merged_into_id
    from chain c
    join members_member m on m.id = c.member_id and m.status = 'merged'
),
booked as (
    select c.member_id, r.points, r.reason, count(*) as times
    from points_adjustmentrow r
    join chain c on c.named = r.member_id
    join members_member m on m.id = c.member_id and m.status <> 'merged'
    where r.file_id = %(file)s
    group by c.member_id, r.points, r.reason
),
counted as (
    select *, row_number() over (partition by member_id, points, reason order by line) as nth
    from adjusting
),
fresh as (
    select c.line, c.member_id, c.points, c.reason
    from counted c
    left join booked b using (member_id, points, reason)
    where c.nth > coalesce(b.times, 0)
),
kept as (
    insert into points_adjustmentrow (file_id, number, line, member_id, points, reason, at)
    select
        %(file)s,
        %(done)s + row_number() over (order by member_id, line),
        line,
        member_id,
        points,
        reason,
        %(at)s
    from fresh
    order by member_id, line
    returning 1
)
select count(*)::int from kept
