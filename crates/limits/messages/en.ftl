# Limits and budgets.
limit-whose = { $kind ->
        [key] of the key “{ $name }”
        [user] of “{ $name }”
        [group] of the group “{ $name }”
        [tenant] of the tenant “{ $name }”
        [own] of your account
       *[everyone] of everybody together
    }
limit-requests = The limit “{ $limit }” { limit-whose } is reached: { $used } requests in a minute, of { $most }.
    .hint = Try again in { $seconds } s.
limit-tokens = The limit “{ $limit }” { limit-whose } is reached: { $used } tokens in a minute, of { $most }, and { $reserved } kept for requests that run.
    .hint = Try again in { $seconds } s.
limit-budget = The budget “{ $limit }” { limit-whose } has nothing left: { AMOUNT($used) } of { AMOUNT($most) } { $unit ->
        [tokens] tokens
       *[other] { $unit }
    } { $per ->
        [day] a day
        [week] a week
       *[month] a month
    }{ $running ->
        [yes] , the rest is kept for requests that run
       *[no] {""}
    }.
    .hint = { $running ->
        [yes] Try again when requests that run have ended.
       *[no] There is something again on { $free }.
    }
limit-away = The database in which the replicas hold the limit “{ $limit }” together does not answer, and what this replica had drawn of it ahead is used.
    .hint = Try again in { $seconds } s.
limit-unpriced = The budget “{ $limit }” { limit-whose } is in { $unit }, and what a place that the request may go to costs is not known in that currency.
    .hint = It is said in [upstream.card] price, or for all others in [spending] unknown_price.
limit-invalid = { $field }: this limit is not possible.
    .hint = Numbers are 1 at least, a budget says “tokens” or “money”, and its currency is written as EUR.
