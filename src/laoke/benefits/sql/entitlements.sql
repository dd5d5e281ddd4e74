-- Everything that decides what one member may use of benefits, tier and other attributes apart. One row; none: no such
-- member. Parameters: member_id; at; month, quarter, year (timestamptz, when these begin); year_day (date).
select
    m.id,
    m.status,
    m.merged_into_id,
    (select max(v.id) from benefits_libraryversion v) as library,
    (
        -- Units used that no grant allowed: in the month, the quarter, the year, ever.
        select coalesce(json_agg(json_build_array(u.benefit, u.month, u.quarter, u.year, u.ever)), '[]')
        from (
            select
                used.benefit,
                coalesce(sum(used.units) filter (where used.used_at >= %(month)s::timestamptz), 0) as month,
                coalesce(sum(used.units) filter (where used.used_at >= %(quarter)s::timestamptz), 0) as quarter,
                coalesce(sum(used.units) filter (where used.used_at >= %(year)s::timestamptz), 0) as year,
                sum(used.units) as ever
            from benefits_benefituse used
            where used.member_id = m.id and used.undone_at is null and used.grant_id is null
            group by used.benefit
        ) u
    ) as used,
    (
        select
            coalesce(
                json_agg(
                    json_build_array(g.benefit, g.id, g.quota, coalesce(u.units, 0), g.valid_from, g.valid_until)
                ),
                '[]'
            )
        from benefits_benefitgrant g
        left join lateral (
            select sum(used.units) as units
            from benefits_benefituse used
            where used.grant_id = g.id and used.undone_at is null
        ) u on true
        -- Those that ended long ago explain nothing any more.
        where
            g.member_id = m.id
            and g.revoked_at is null
            and g.valid_until > %(at)s::timestamptz - interval '90 days'
    ) as grants,
    (select coalesce(json_agg(s.benefit), '[]') from benefits_benefitseen s where s.member_id = m.id) as seen,
    (
        select coalesce(json_object_agg(s.key, s.taken), '{}') from benefits_benefitstock s where s.key like 'benefit:%'
    ) as taken,
    (
        -- Codes that can be handed out; more than a hundred are not counted.
        select coalesce(json_object_agg(p.benefit, p.codes), '{}')
        from (
            select
                pool.benefit,
                (
                    select count(*)
                    from (
                        select
                        from benefits_partnercode c
                        where
                            c.benefit = pool.benefit and c.state = 'open' and c.expires_at > %(at)s::timestamptz
                        limit 100
                    ) hundred
                ) as codes
            from (
                select each.key as benefit
                from jsonb_each(
                    (select v.document -> 'library' from benefits_libraryversion v order by v.id desc limit 1)
                ) each
                where each.value ? 'partner_code'
            ) pool
        ) p
    ) as codes,
    (
        select coalesce(json_object_agg(b.tier, b.spent_minor), '{}')
        from benefits_tierbudget b
        where b.starts = %(year_day)s::date
    ) as spent
from members_member m
where m.id = %(member_id)s::bigint
