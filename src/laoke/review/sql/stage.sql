-- Where new figures wait to be compared with the old ones; gone with the transaction.
create temporary table new_figure (
    store_id bigint, metric varchar(32), part varchar(20), day date, numerator bigint, denominator bigint
) on commit drop
