# Les fautes du fichier de configuration.

config-not-found = Il n’y a pas de fichier de configuration { $file }.
    .hint = « trousseau config example » en donne un exemple commenté.
config-read = La configuration { $file } ne peut pas être lue : { $reason }
config-syntax = { $file }, ligne { $line }, colonne { $column } : { $reason }
    .hint = « trousseau config example » donne un exemple commenté.
config-mistyped-key = { $file }, ligne { $line }, colonne { $column } : la clé « { $key } » est inconnue
    .hint = Vouliez-vous écrire « { $meant } » ?
config-unknown-key = { $file }, ligne { $line }, colonne { $column } : la clé « { $key } » est inconnue
    .hint = Sont admises ici : { $known }
config-missing-key = { $file }, ligne { $line }, colonne { $column } : la clé « { $key } » manque
config-wrong-type = { $file }, ligne { $line }, colonne { $column } : il faut { $expected ->
        [integer] un nombre entier
        [string] un texte entre guillemets
        [boolean] true ou false
        [list] une liste entre crochets
        [table] une table
       *[other] { $expected }
    }, et non { $found }
config-addition-syntax = Rien ne peut être ajouté au fichier de configuration, qui ne se lit pas : { $reason }
    .hint = « trousseau config check » dit où.
config-addition-form = Rien ne peut être ajouté : « { $key } » n’est pas écrit sous la forme [[{ $key }]].
    .hint = Écrivez une table [[{ $key }]] par élément, ou ajoutez le lieu à la main.
config-addition-upstream = Il n’y a pas de fournisseur « { $name } » dans le fichier de configuration ; il y a : { $known }.
config-addition-route = Il n’y a pas de parcours « { $name } ».
config-addition-changed = Le fichier { $file } n’a pas pu être écrit : { $reason }
config-addition-key = Le fichier de clé { $file } existe déjà.
    .hint = Choisissez un autre nom, ou retirez ce fichier s’il ne sert plus.
config-faults = { $file } contient { $count ->
        [one] une faute
       *[other] { $count } fautes
    } :
    .hint = « trousseau config example » donne un exemple commenté.
config-value = { $key } : « { $found } » n’est pas admis ; sont admis : { $expected }
config-twice = { $key } : le nom « { $name } » est donné deux fois
config-unknown-name = { $key } : il n’y a pas de « { $name } » ; il y a : { $known }
config-missing = { $key } manque
config-literal-secret = { $key } : un secret est écrit ici en toutes lettres, à la vue de tous ceux qui lisent le fichier ; dites plutôt où il se trouve : {"{"} file = "…" {"}"}, {"{"} env = "…" {"}"} ou {"{"} credential = "…" {"}"}
config-secret-place = { $key } dit d’une seule façon où se trouve le secret : file, env ou credential.
config-secret-header = { $key } porte un secret : sa place est key, et key_header si ce n’est pas « Authorization: Bearer ».
config-targets-and-groups = { $key } donne targets et groups : un parcours a l’un ou l’autre.
    .hint = targets essaie chaque destination à son tour ; groups répartit entre celles d’un même groupe.
config-hedge = { $key } dit soit après combien de millisecondes (after_ms), soit percentile = true.
config-hedge-alone = { $key } est sans effet : il faut une seconde destination à qui demander.
config-cache-forgets = { $key } est sans effet : avec retention_days = 0, aucune réponse n’est gardée.
config-own-but-public = { $key } dit « own », et { $url } ressemble à une adresse que tous peuvent joindre : est-ce bien dans vos locaux ?
config-directory-plain = { $key } envoie les mots de passe à { $url } sans protection : qui est sur le chemin les lit.
config-directory-filter = { $key } : « { $found } » n’est pas un filtre de recherche : { $reason }.
    .hint = Un filtre s’écrit comme « (uid={"{login}"}) » (RFC 4515).
config-card-outdated = { $key } : ses faits étaient à revoir avant le { $until }. Revoyez-les et écrivez un nouveau valid_until, ou installez une version dont le catalogue est plus récent.
config-unpriced = { $key } ne dit pas ce que cela coûte en { $currency } : qui a un budget en { $currency } n’y est pas envoyé, ni par une route qui peut y mener. Indiquez le prix, ou [spending] unknown_price.
config-attestation-ended = { $key } a pris fin le { $until } et ne compte plus.
