-- How many products the conditions find, as far as $most.
select count(*)
from (
    select 1
    from purchases_product product
    where /*conditions*/
    limit %(most)s
) found
