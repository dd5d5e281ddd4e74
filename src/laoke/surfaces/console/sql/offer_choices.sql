-- What conditions of offers can be about, each kind up to a number. Grain: one row.
-- Parameters: most.
select json_build_object(
    'categories', (
        select coalesce(json_agg(json_build_array(code, name, name_en) order by code), '[]')
        from (select code, name, name_en from purchases_category order by code limit %(most)s) found
    ),
    'stores', (
        select coalesce(json_agg(json_build_array(code, name, name_en) order by code), '[]')
        from (select code, name, name_en from purchases_store where active order by code limit %(most)s) found
    ),
    'regions', (
        select coalesce(json_agg(json_build_array(code, name, name_en) order by code), '[]')
        from (select code, name, name_en from purchases_region order by code limit %(most)s) found
    ),
    'channels', (
        select coalesce(json_agg(json_build_array(code, name, name_en) order by id), '[]')
        from (select id, code, name, name_en from purchases_channel order by id limit %(most)s) found
    ),
    'cities', (
        select coalesce(json_agg(json_build_array(city) order by city), '[]')
        from (select distinct city from purchases_store where city <> '' order by city limit %(most)s) found
    ),
    'brands', (
        select coalesce(json_agg(json_build_array(brand) order by brand), '[]')
        from (select distinct brand from purchases_product where brand <> '' order by brand limit %(most)s) found
    ),
    'tags', (
        select coalesce(json_agg(json_build_array(tag) order by tag), '[]')
        from (
            select distinct tag from purchases_product cross join lateral unnest(tags) as tag order by tag limit %(most)s
        ) found
    ),
    'member_tags', (
        with recursive words as (
            (select min(tag) as tag, 1 as n from members_membertag)
            union all
            select (select min(tag) from members_membertag where tag > words.tag), n + 1
            from words where words.tag is not null and n < %(most)s
        )
        select coalesce(json_agg(json_build_array(tag) order by tag), '[]') from words where tag is not null
    )
)::text
