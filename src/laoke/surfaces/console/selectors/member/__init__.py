"""One member: each module holds one part of the pages, `state` what all of them begin with."""
