# Ce que dit la ligne de commande, hors son aide.

error-heading = erreur :
hint-heading = conseil :
reference-title = Référence des commandes

app-no-data = Aucun dossier de données : ni --data, ni TROUSSEAU_DATA, ni XDG_DATA_HOME, ni HOME ne sont donnés.
    .hint = Ajoutez --data DOSSIER.
app-not-shared = Ce dossier de données ne partage aucune base avec d’autres instances.
    .hint = Indiquez-en d’abord une dans [state].
app-locked = { $data } est utilisé par le processus { $holder }.
    .hint = Attendez qu’il ait fini, ou donnez un autre dossier avec --data.
app-nothing-yet = { $data } ne contient encore aucun document.
    .hint = Commencez par « trousseau ingest DOSSIER ».
app-stranger = { $data } appartient à un autre compte : seuls ce compte et root peuvent faire cela.
app-not-an-address = « { $text } » n’est pas une adresse d’écoute.
    .hint = Écrivez une adresse et un port, comme 127.0.0.1:8642, [::1]:8642 ou 0.0.0.0:443.
app-not-a-country = « { $text } » n’est pas un pays.
    .hint = Écrivez son code ISO 3166-1, comme US, CN ou GB.
app-exposed = { $address } écouterait d’autres machines sans TLS : clés et réponses pourraient être lues en chemin.
    .hint = Donnez tls_certificate et tls_key dans [server]. Si un mandataire qui fait TLS se tient devant, écrivez insecure = true ou ajoutez --insecure.
app-other-version = Le serveur de { $data } est en version { $server }, ce programme en version { $own } : ils ne se comprennent pas.
    .hint = Utilisez le programme en version { $server }, ou redémarrez le serveur avec celui-ci.
app-other-config = Le serveur de { $data } tourne avec la configuration { $config }, et non avec celle que vous nommez.
    .hint = Retirez --config, ou redémarrez le serveur avec l’autre configuration.
app-no-config = Le serveur de { $data } tourne sans fichier de configuration, et non avec celui que vous nommez.
    .hint = Retirez --config, ou redémarrez le serveur avec ce fichier.
app-no-server = Aucun serveur ne tourne sur { $data }.
    .hint = Il n’y a rien à relire : la prochaine commande lit le fichier de toute façon. « trousseau config check » le vérifie.
app-server-busy = Le serveur de { $data } exécute autant de commandes qu’il le peut.
    .hint = Réessayez dans un instant.
app-server-gone = Le serveur de { $data } s’est arrêté avant la fin de la commande : { $reason }
    .hint = Retapez la commande : ce qui était fait est conservé.
app-no-entry = Il n’y a pas d’entrée « { $id } » dans le catalogue.
    .hint = Il y a : { $known }.
app-no-key = Il n’y a pas de clé « { $name } » dans la configuration.
    .hint = Ajoutez une table [[key]] avec name = "{ $name }".
app-not-an-entry = « { $text } » n’est pas une entrée.
    .hint = Écrivez un numéro, comme 12, ou main/12.
app-io = { $reason }
app-output = La sortie n’a pas pu être écrite en entier : { $reason }
app-nothing-ingested = Aucun fichier n’a pu être lu ({ $failed ->
        [one] { $failed } ignoré
       *[other] { $failed } ignorés
    }).
    .hint = « trousseau tasks --state failed » dit pourquoi, fichier par fichier.
app-ledger-unsound = Le registre { $directory } n’est pas intègre : { $findings ->
        [one] une anomalie
       *[other] { $findings } anomalies
    }.
    .hint = Gardez ces fichiers tels quels, et comparez-les à une sauvegarde ou à une preuve que vous détenez.

usage-unknown-command = Il n’y a pas de commande « { $found } ».
    .hint = « trousseau --help » liste les commandes.
usage-mistyped-command = Il n’y a pas de commande « { $found } ».
    .hint = Vouliez-vous écrire « { $meant } » ?
usage-unknown-argument = « { $argument } » n’est pas attendu ici.
    .hint = Écrivez : { $usage }. Un texte de plusieurs mots se met entre guillemets.
usage-mistyped-argument = « { $argument } » n’est pas attendu ici.
    .hint = Vouliez-vous écrire « { $meant } » ?
usage-missing = Il manque : { $argument }
    .hint = Écrivez : { $usage }
usage-conflict = « { $argument } » ne va pas avec « { $other } ».
    .hint = Écrivez : { $usage }
usage-no-value = Il manque une valeur après { $argument }.
usage-choice = « { $found } » n’est pas admis pour { $argument } ; sont admis : { $accepted }
usage-value = « { $found } » n’est pas admis pour { $argument }.
    .hint = Ajoutez --help à la commande pour savoir ce qu’elle attend.
usage-label = « { $found } » n’est pas une étiquette.
    .hint = Écrivez public, internal, personal, sensitive ou restricted, avec des marques au besoin, comme « sensitive+health ».
usage-tenant = « { $found } » n’est pas un nom de locataire.
    .hint = Un nom a 1 à 64 caractères parmi a-z, 0-9 et « - », et ne commence pas par « - ».
usage-reader = « { $found } » n’est pas un lecteur.
    .hint = Écrivez « * » pour tous, « user:NOM » ou « group:NOM ».

config-no-file = Aucune configuration : la réponse locale, sans réseau, est utilisée.
config-sound = { $file } : { $upstreams ->
        [one] { $upstreams } destination
       *[other] { $upstreams } destinations
    }, { $routes ->
        [one] { $routes } route
       *[other] { $routes } routes
    }, { $collections ->
        [one] { $collections } collection
       *[other] { $collections } collections
    }, aucune faute.

serve-listens = Trousseau écoute sur { $url }
serve-first-key = Cette clé d’administrateur n’est montrée qu’une fois : gardez-la. « trousseau keys » en crée et en révoque d’autres.

reload-nothing = La configuration en service dit déjà ce que dit le fichier.
reload-taken-up = Pris en compte : { $keys }
reload-waiting = Attend le prochain démarrage du serveur : { $keys }

backup-made = { $folder } : { $files } fichiers, { BYTES($bytes) }. Rien n’y est chiffré : gardez-le comme vous gardez les données.
backup-without-state = Les comptes, les retraits et les limites que les instances partagent sont dans { $database }, et pas dans cette sauvegarde : sauvegardez-la aussi, avec pg_dump.
backup-restored = { $folder } : rétabli tel qu’au { $created }, { $files } fichiers, { BYTES($bytes) }.

warning-heading = attention :
usage-role = « { $found } » n’est pas un rôle.
    .hint = Écrivez user, administrator, auditor, data-protection-officer ou provisioner.
usage-lasting = « { $found } » n’est pas une durée.
    .hint = Écrivez des secondes, des minutes ou des heures, comme 60s, 5m ou 1h : un jour au plus.
usage-expiry = « { $found } » n’est ni un jour ni un nombre de jours.
    .hint = Écrivez un jour, comme 2027-06-30, ou un nombre de jours, comme 90j.


keys-made = La clé « { $name } » ({ $id }) n’est montrée qu’une fois : gardez-la.
keys-none = Aucune clé.
keys-revoked = La clé « { $name } » ({ $id }) est révoquée : elle est refusée dès maintenant.
users-link = Qui suit ce lien, une seule fois et jusqu’au { $expires }, choisit le mot de passe. Il n’est montré qu’une fois.
users-none = Aucun utilisateur.
users-disabled = « { $name } » ne peut plus se connecter, et est déconnecté partout.
users-enabled = « { $name } » peut de nouveau se connecter.
account-state-valid = valable
account-state-until = jusqu’au { $moment }
account-state-revoked = révoquée { $moment }
account-state-disabled = désactivé { $moment }
account-state-invited = sans mot de passe encore
account-state-provided = chez { $issuer }
role-user = utilisateur
role-administrator = administrateur
role-auditor = auditeur
role-provisioner = approvisionneur
role-data-protection-officer = délégué à la protection des données
column-id = identifiant
column-name = nom
column-role = rôle
column-clearance = habilitation
column-used = dernier usage
column-limit = limite
column-whose = de
column-counted = compte
column-spent = utilisé
column-reserved = retenu
column-most = sur
column-free = de nouveau libre
amount = { AMOUNT($amount) }
limits-none = Aucune limite.
limits-whose = { $kind ->
        [key] clé { $name }
        [user] { $name }
        [group] groupe { $name }
        [tenant] locataire { $name }
       *[everyone] tous
    }
limits-what = { $what ->
        [requests] demandes par minute
        [tokens] jetons par minute
        [budget-tokens] jetons
       *[budget-money] { $unit }
    }{ $per ->
        [day] {" "}par jour
        [week] {" "}par semaine
        [month] {" "}par mois
       *[other] {""}
    }
limits-anew = repart le { $moment }
records-exported = { $count ->
        [0] Aucun enregistrement de « { $subject } ».
        [one] Un enregistrement de « { $subject } » écrit.
       *[other] { $count } enregistrements de « { $subject } » écrits.
    }
state-imported = Portés dans la base : { $keys ->
        [0] aucune clé
        [one] une clé
       *[other] { $keys } clés
    } et { $users ->
        [0] aucun utilisateur
        [one] un utilisateur
       *[other] { $users } utilisateurs
    } qui n’y étaient pas. Les enregistrements y vont d’eux-mêmes ; changements encore en attente : { $waiting }.
records-erased = { $count ->
        [0] Aucun enregistrement effacé.
        [one] Un enregistrement effacé.
       *[other] { $count } enregistrements effacés.
    }

progress-files = {"{"}bar:30{"}"} {"{"}pos{"}"}/{"{"}len{"}"} fichiers · {"{"}per_sec{"}"} · encore {"{"}eta{"}"}
ingest-skipped = ignoré
ingest-fault = { $path } : { $reason }
ingest-nothing = aucun fichier
ingest-added = { $count ->
        [one] { $count } ajouté
       *[other] { $count } ajoutés
    }
ingest-replaced = { $count ->
        [one] { $count } remplacé
       *[other] { $count } remplacés
    }
ingest-unchanged = { $count ->
        [one] { $count } inchangé
       *[other] { $count } inchangés
    }
ingest-removed = { $count ->
        [one] { $count } retiré
       *[other] { $count } retirés
    }
ingest-failed = { $count ->
        [one] { $count } ignoré
       *[other] { $count } ignorés
    }
documents-removed = { $count ->
        [one] Un document retiré.
       *[other] { $count } documents retirés.
    }
documents-none = Aucun document que vous pouvez lire.
tasks-none = Aucune tâche.
collections-none = Aucune collection.

answer-abstained = Je n’ai pas trouvé, dans les documents que vous pouvez lire, de quoi répondre à cette question.
answer-sources = Sources
answer-characters = caractères { $start } à { $end }
answer-masked = Valeurs remplacées par des pseudonymes à l’envoi : { $count }.
answer-seam = Interrompue chez « { $from } », poursuivie chez « { $to } ».
answer-made = Réponse de « { $target } », étiquette { $label }, entrée { $entry } du registre.
answer-no-documents = Aucun document n’a encore été lu : commencez par « trousseau ingest DOSSIER ».
search-nothing = Aucun passage ne parle de cela dans les documents que vous pouvez lire.
search-hit = { $path } · caractères { $start } à { $end } · score { $score }

class-public = ouvert à tous
class-internal = interne à l’organisation
class-personal = données personnelles
class-sensitive = données sensibles ou secret protégé
class-restricted = ne quitte pas vos locaux
label-told = { $label } ({ $class })
decision-label = Étiquette : { $label }
decision-permitted = { $target } : permis
decision-masked = Masqué, ce texte serait { $label } :
decision-rejected = { $target } : refusé

decision-origin = { $label } : { $origin }

column-task = tâche
column-state = état
column-outcome = résultat
column-collection = collection
column-path = fichier
column-documents = documents
column-document = document
column-label = étiquette
column-title = titre
column-readers = lecteurs
column-entry = entrée
column-time = date
column-type = nature
column-detail = détail
column-provider = fournisseur
column-seat = siège
column-inference = traité en
column-us-law = droit US
column-chinese-law = droit chinois
column-until = valable jusqu’au
column-upstreams = destinations
column-field = champ
column-value = valeur
column-source = source
column-date = date
column-confidence = confiance
state-enqueued = en attente
state-processing = en cours
state-committed = à inscrire au registre
state-succeeded = faite
state-failed = échouée
outcome-added = ajouté
outcome-replaced = remplacé
outcome-unchanged = inchangé
outcome-removed = retiré

ledger-sound = { $directory } : { $entries ->
        [one] { $entries } entrée recalculée
       *[other] { $entries } entrées recalculées
    }, point de contrôle signé par { $key }, aucune anomalie.
ledger-uncovered = { $count ->
        [one] Une entrée suit le dernier point de contrôle ; le prochain la couvrira.
       *[other] { $count } entrées suivent le dernier point de contrôle ; le prochain les couvrira.
    }
ledger-rollback-unchecked = Un retour en arrière n’a pas pu être recherché : donnez avec --against un point de contrôle ou une preuve que vous gardez.
ledger-rollback-checked = Comparé à { $count ->
        [one] la preuve que vous gardez
       *[other] { $count } preuves que vous gardez
    } : pas de retour en arrière.
ledger-own-key = La clé est celle du dossier lui-même : donnez avec --vkey celle que vous gardez pour vous assurer de son origine.
ledger-written = Preuve écrite dans { $file }.
entry-decision = route « { $route } », étiquette { $label }
entry-masked = entrée { $decision } masquée : { $text }
entry-continues = suite de l’entrée { $decision } : { $text }
entry-seam = { $text } ; interrompue chez « { $from } », poursuivie chez « { $to } »
entry-outcome = entrée { $decision } : { $state ->
        [answered] répondue
        [abstained] sans réponse dans les documents
        [refused] refusée
        [failed] échouée
        [interrupted] interrompue
       *[other] { $state }
    }
entry-document = document { $operation ->
        [added] ajouté
        [replaced] remplacé
        [removed] retiré
       *[other] { $operation }
    }
entry-account = { $operation ->
        [key-created] clé créée
        [key-revoked] clé révoquée
        [user-created] utilisateur créé
        [user-changed] utilisateur modifié
        [user-disabled] utilisateur désactivé
        [user-enabled] utilisateur réactivé
        [link-created] lien à usage unique créé
        [password-set] mot de passe choisi
        [password-changed] mot de passe changé
        [user-provisioned] utilisateur approvisionné
        [user-reprovisioned] utilisateur approvisionné modifié
        [user-unprovisioned] utilisateur approvisionné repris
        [group-provisioned] groupe approvisionné
        [group-changed] groupe approvisionné modifié
        [group-unprovisioned] groupe approvisionné repris
       *[other] { $operation }
    }, rôle { $role }
entry-failed-sign-ins = { $times ->
        [one] un échec de connexion
       *[other] { $times } échecs de connexion
    }{ $known ->
        [yes] {""}
       *[no] , à aucun compte
    } ({ $reasons })
entry-requests-refused = { $times ->
        [one] une demande refusée
       *[other] { $times } demandes refusées
    } par une limite ({ $reasons })
entry-access = enregistrement { $record } lu par un délégué
entry-erasure = { $records ->
        [one] un enregistrement effacé
       *[other] { $records } enregistrements effacés
    } ({ $cause ->
        [retention] arrivé à terme
        [subject] à la demande de la personne
        [owner] supprimé par qui l’avait demandé
       *[other] { $cause }
    })
entry-export = { $records ->
        [one] un enregistrement remis
       *[other] { $records } enregistrements remis
    }
entry-restored = à partir de la sauvegarde du { $backup }
entry-collection = { $documents ->
        [one] droits de lecture changés, un document
       *[other] droits de lecture changés, { $documents } documents
    }
entry-gap = la fin du lot précédent peut manquer
entry-kind = { $kind ->
        [decision] décision
        [outcome] issue
        [document] document
        [gap] lacune
        [account] compte
        [collection] collection
        [access] accès
        [erasure] effacement
        [export] remise
        [withdrawal] retrait
        [drill] exercice
        [restored] retour
       *[other] { $kind }
    }

demo-collection = Collection « { $collection } », étiquette { $label } :
demo-asks = demandé par « { $user } »
demo-proof-verified = Preuve vérifiée avec la seule clé publique { $key }
demo-proof-refused = Preuve refusée : { $fault }
demo-next = À vous : « trousseau ingest DOSSIER », puis « trousseau ask "Votre question ?" ».
    « trousseau demo --keep DOSSIER » garde ces données pour les explorer.
demo-next-kept = À vous :
    {"  "}trousseau ask --data { $data } "Votre question ?"
    {"  "}trousseau ledger verify --data { $data }
    {"  "}trousseau policy explain --data { $data } "Mon IBAN est FR76 3000 6000 0112 3456 7890 189"

doctor-config = Configuration { $file } : sans faute.
doctor-secret = { $upstream } : { $url }, et sa clé peut être lue.
doctor-no-secret = { $upstream } : { $url }, sans clé.
doctor-secret-unreadable = { $upstream } : sa clé ne peut pas servir. { $reason }
doctor-state = Base { $database } : elle répond, et ses tables sont celles de ce programme.
doctor-directory = Annuaire { $server } : il répond, laisse ce service chercher, et a les entrées nommées.
doctor-server = Un serveur (processus { $process }) tient le dossier des données.
doctor-missing-wall = Il manque une cloison aux processus qui lisent les documents : { $wall }
doctor-in-memory = { $file } ne peut pas être utilisé : le service continue avec ce qu’il a en mémoire. { $reason }
doctor-unpublished = Le registre de « { $tenant } » ne peut pas publier ses têtes signées : { $reason }
doctor-empty = { $data } : vide pour l’instant ; commencez par « trousseau ingest DOSSIER ».
doctor-documents = { $data } : { $count ->
        [one] { $count } document
       *[other] { $count } documents
    }.
doctor-failed = { $count ->
        [one] { $count } tâche
       *[other] { $count } tâches
    } en échec : « trousseau tasks --state failed » dit pourquoi.
doctor-waiting = { $count ->
        [one] { $count } tâche
       *[other] { $count } tâches
    } en attente : « trousseau ingest » les reprend.
doctor-open-to-others = D’autres comptes de cette machine peuvent entrer dans { $data } : « chmod o= { $data } » le leur interdit.
doctor-ledger = { $directory } : registre intègre, { $entries ->
        [one] { $entries } entrée
       *[other] { $entries } entrées
    }.
doctor-ledger-unsound = Le registre { $directory } n’est pas intègre : « trousseau ledger verify » dit ce qui a changé.

# Le catalogue des fournisseurs

catalogue-yes = oui
catalogue-no = non
catalogue-list-note = « ? » : inconnu, et l’inconnu ferme la porte. « trousseau catalogue show ENTRÉE » donne chaque fait avec sa source.
catalogue-dates = Revu le { $reviewed } ; fait foi jusqu’au { $until }.
catalogue-models = Modèles qui ont leurs propres faits : { $models }.
catalogue-attested = à attester par vous seuls
catalogue-attested-written = Attesté de { $upstream } et inscrit dans { $file } ; le registre en témoigne.
catalogue-attested-unwritten = Rien n’a changé : { $file } ne peut pas être écrit d’ici. Ajoutez ceci sous le [[upstream]] { $upstream }, puis « trousseau reload » :
catalogue-unsourced = { $upstream } : écrit sans source : { $fields }
catalogue-sound = { $count ->
        [one] La fiche d’une destination est encore valable.
       *[other] Les fiches de { $count } destinations sont encore valables.
    }
confidence-official = officielle
confidence-secondary = secondaire
confidence-tested = essayée

withdraw-what = { $kind ->
        [provider] fournisseur
        [country] pays
       *[upstream] destination
    } { $name }
withdraw-made = Retiré : { $what } (retrait { $id }). Plus rien n’y va ; le registre le dit.
withdraw-lifted = Levé : { $what } (retrait { $id }).
withdraw-concerns = Destinations concernées : { $upstreams }.
withdraw-concerns-nobody = Aucune destination configurée n’est concernée : vérifiez le nom.
withdraw-none = Rien n’est retiré.
column-withdrawn = retiré
column-since = depuis
column-target = destination
column-requests = demandes
column-answered = dont répondues
column-masked = dont masquées
entry-withdrawal = { $what }, { $operation ->
        [withdrawn] retiré
        [lifted] levé
       *[other] { $operation }
    }
drill-cut = Coupé pour l’exercice : { $what }. Destinations emportées : { $upstreams }.
drill-cut-nobody = { $what } : aucune destination configurée n’est concernée, vérifiez le nom.
drill-verdict = { $verdict ->
        [lives] tient
        [partly] en partie
        [dies] tombe
        [shut] fermée déjà
       *[other] { $verdict }
    }
drill-basis = { $basis ->
        [asked] enregistrées
       *[assumed] supposées
    }
drill-goes = { $from } → { $to } ({ $requests })
drill-nowhere = nulle part
drill-recovery = retirée : aussitôt ; injoignable : { $unreachable } s ; muette : { $silent } s, jusqu’à { $failures } échecs{ $check ->
        [none] {""}
       *[other] {" "}ou { $check } s (contrôle)
    }
drill-recovery-note = Le retrait vaut dès l’appel suivant. Une panne sans retrait coûte à chaque demande l’attente indiquée, jusqu’à ce que le disjoncteur ou le contrôle de santé laisse la destination de côté.
drill-class-lost = Route { $route }, classe { $class } : { $lost } sur { $requests } demandes resteraient sans réponse.
drill-whom = { $users ->
        [0] aucune personne
        [one] une personne
       *[other] { $users } personnes
    }, { $keys ->
        [0] aucune clé
        [one] une clé
       *[other] { $keys } clés
    }, { $groups ->
        [0] aucun groupe
        [one] un groupe
       *[other] { $groups } groupes
    }, { $others ->
        [0] aucun autre compte
        [one] un autre compte
       *[other] { $others } autres comptes
    }
drill-affected = Touchés, d’après les demandes enregistrées : { $whom }.
drill-without-answer = Sans réponse : { $whom }.
drill-group = Groupe { $group } : { $requests } demandes, { $moved } iraient ailleurs, { $lost } nulle part.
drill-holding = La coupure est faite pour { $seconds } s ; elle se lève d’elle-même, même si cette commande est tuée.
drill-lifted = La coupure est levée.
drill-measured = Route { $route } : première réponse d’ailleurs, de { $target }, { $ms } ms après la coupure.
drill-unmeasured = Route { $route } : aucune réponse d’ailleurs pendant la coupure.
column-verdict = sort
column-basis = demandes prises
column-lost = perdues
column-goes = vont
column-recovery = reprise
column-route = route
entry-drill = { $operation ->
        [begun] coupure commencée
        [ended] coupure finie
       *[other] { $operation }
    }
where-requests = { $count ->
        [0] Aucune demande de classe { $class } ou au-dessus.
        [one] Une demande de classe { $class } ou au-dessus. Destinations qui l’ont reçue :
       *[other] { $count } demandes de classe { $class } ou au-dessus. Destinations qui les ont reçues :
    }
where-nowhere = Parties nulle part : { $count }.
where-open = Sans issue connue, donc peut-être allées à toute destination autorisée : { $count }.
where-scope = Portée : le registre { $ledger }, { $entries } entrées vérifiées ; décisions du { $first } au { $last } ; étiquettes telles qu’elles
    furent décidées. Ce qui n’est pas passé par ce service n’y est pas.
