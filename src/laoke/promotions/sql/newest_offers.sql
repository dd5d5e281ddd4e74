-- Every offer there ever was as a version of the programme has it, in the order of first publication. Parameter: version.
select key, document, programme_version, stopped
from (
    select distinct on (key) key, document, programme_version, stopped,
        min(id) over (partition by key) as first
    from promotions_offerversion
    where programme_version <= %(version)s
    order by key, programme_version desc
) newest
order by first
