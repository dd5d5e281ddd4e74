-- Take the rows at hand out whose member nobody is, or was erased. Answers with their line and why.
with gone as (
    select a.line, case when m.id is null then 'unknown' else 'erased' end as why
    from adjusting a
    left join members_member m on m.id = a.member_id
    where m.id is null or m.status = 'erased'
)
delete from adjusting a
using gone
where a.line = gone.line
returning gone.line, gone.why
