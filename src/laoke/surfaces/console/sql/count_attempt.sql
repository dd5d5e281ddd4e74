-- Count one attempt to sign in. The pause runs from the last attempt that was allowed: knocking on does not prolong it.
insert into console_signinattempts as kept (key, attempts, until)
values (%(key)s, 1, %(until)s)
on conflict (key) do update set
    attempts = case when kept.until <= %(at)s then 1 else least(kept.attempts + 1, %(most)s + 1) end,
    until = case when kept.until <= %(at)s or kept.attempts < %(most)s then excluded.until else kept.until end
returning attempts, until
