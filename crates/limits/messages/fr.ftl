# Les limites et les budgets.
limit-whose = { $kind ->
        [key] de la clé « { $name } »
        [user] de « { $name } »
        [group] du groupe « { $name } »
        [tenant] du locataire « { $name } »
        [own] de votre compte
       *[everyone] commune à tous
    }
limit-requests = La limite « { $limit } » { limit-whose } est atteinte : { $used } demandes en une minute, sur { $most }.
    .hint = Réessayez dans { $seconds } s.
limit-tokens = La limite « { $limit } » { limit-whose } est atteinte : { $used } jetons en une minute, sur { $most }, et { $reserved } retenus pour des demandes en cours.
    .hint = Réessayez dans { $seconds } s.
limit-budget = Le budget « { $limit } » { limit-whose } n’a plus rien : { AMOUNT($used) } sur { AMOUNT($most) } { $unit ->
        [tokens] jetons
       *[other] { $unit }
    } { $per ->
        [day] par jour
        [week] par semaine
       *[month] par mois
    }{ $running ->
        [yes] , le reste est retenu pour des demandes en cours
       *[no] {""}
    }.
    .hint = { $running ->
        [yes] Réessayez quand des demandes en cours seront terminées.
       *[no] De nouveau disponible le { $free }.
    }
limit-away = La base où les instances tiennent ensemble la limite « { $limit } » ne répond pas, et ce que cette instance en avait pris d’avance est utilisé.
    .hint = Réessayez dans { $seconds } s.
limit-unpriced = Le budget « { $limit } » { limit-whose } est en { $unit }, et le prix d’une destination possible n’est pas connu dans cette monnaie.
    .hint = Il s’indique dans [upstream.card] price, ou pour toutes les autres dans [spending] unknown_price.
limit-invalid = { $field } : cette limite n’est pas possible.
    .hint = Les nombres sont d’au moins 1, un budget dit « tokens » ou « money », et sa monnaie s’écrit comme EUR.
