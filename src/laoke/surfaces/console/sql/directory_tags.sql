-- The words that are on members, in order. Grain: one row per word.
-- Jumps from word to word through the index instead of reading every row of every word.
with recursive words (tag) as (
    (select tag from members_membertag order by tag limit 1)
    union all
    select (select following.tag from members_membertag following where following.tag > words.tag order by following.tag limit 1)
    from words
    where words.tag is not null
)
select tag from words where tag is not null limit %(limit)s
