-- What was answered under this idempotency key before, if anything.
select fingerprint, status, answer
from foundation_commandrecord
where caller = %(caller)s::text and key = %(key)s::text
