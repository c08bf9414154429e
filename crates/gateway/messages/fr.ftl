# Les questions et les enregistrements.
gateway-empty-question = La question est vide.
    .hint = Écrivez-la entre guillemets : trousseau ask "Votre question ?"
gateway-long-question = La question est trop longue : plus de { BYTES($limit) }.
    .hint = Raccourcissez-la, ou relevez max_question_bytes dans [ask].
gateway-no-route = Il n’y a pas de route « { $name } ».
    .hint = Les routes de la configuration : { $known }
gateway-exhausted = Aucune destination permise n’a répondu : { $attempts } (entrée { $entry })
    .hint = Réessayez plus tard ; l’échec est enregistré.
gateway-declined = { $target } a refusé la demande : { $reason } (entrée { $entry }).
gateway-broken = La réponse de { $target } s’est interrompue : ne la retenez pas (entrée { $entry }).
    .hint = Demandez à nouveau ; l’échec est consigné.
gateway-hung-up = La personne qui demandait a raccroché (entrée { $entry }).
gateway-no-entry = Il n’y a pas d’entrée { $entry }.
    .hint = « trousseau ledger show » liste les dernières.
gateway-random = Le système ne donne pas d’octets aléatoires : { $reason }
gateway-entry = Une entrée du registre n’a pas pu être écrite : { $reason }

# Comptes.
# Le serveur.
gateway-no-conversation = Vous n’avez pas de conversation { $id }.
gateway-nothing-kept = Questions et réponses ne sont pas conservées ici : il n’y a donc pas de conversations.
gateway-must-keep = Ici, toute question est conservée.
    .hint = Posez-la sans « keep », ou demandez d’ouvrir cela dans [records] incognito.
gateway-long-text = Le texte est trop long : plus de { BYTES($limit) }.
gateway-no-reason = On lit l’enregistrement d’une autre personne pour un motif : donnez-le.
gateway-not-allowed = Votre rôle ({ $role }) ne le permet pas.
    .hint = Le contenu d’un enregistrement est lu par la personne concernée, ou par le délégué à la protection des données, avec un motif.
gateway-unheard = La personne qui voulait l’exportation n’est plus là.
# Les sauvegardes.
backup-not-empty = { $path } n’est pas vide.
    .hint = Indiquez un dossier vide ou qui n’existe pas encore.
backup-incomplete = { $path } n’est pas une sauvegarde, ou elle n’a pas été achevée.
    .hint = Une sauvegarde entière contient un fichier manifest.json.
backup-newer = { $path } a été écrit par une version plus récente (format { $found }, ce programme connaît { $known }).
    .hint = Restaurez-le avec le programme qui l’a produit, ou un plus récent.
backup-malformed = { $path } : { $reason }
backup-damaged = { $path } manque ou est endommagé : son SHA-256 devrait être { $expected }.
    .hint = Rien n’en a été restauré. Prenez une autre sauvegarde.
backup-unfinished = Une restauration dans { $path } n’est pas achevée.
    .hint = Relancez la même restauration, ou videz le dossier.
backup-file = { $reason }
    .hint = Pendant que le service tourne, c’est lui qui lit et écrit ici : son utilisateur doit en avoir le droit.

# Fichiers et collections.
files-no-file = Il n’y a pas de fichier { $id }, ou vous n’avez pas le droit de le voir.
files-no-store = Il n’y a pas de collection { $id }, ou vous n’avez pas le droit de la voir.
    .hint = GET /v1/vector_stores donne celles que vous pouvez voir.
files-no-batch = Il n’y a pas de lot { $id } dans cette collection.
files-not-yours = Vous n’avez pas le droit de modifier { $id }.
    .hint = Sa ou son propriétaire le peut, ou un administrateur.
files-too-many = Vous conservez déjà { $limit } fichiers, autant que permis.
    .hint = Supprimez ceux dont vous n’avez plus besoin.
files-clearance = Ceci serait classé « { $class } », et vous lisez jusqu’à « { $clearance } » : vous ne pourriez pas le lire vous-même.
    .hint = Demandez à un administrateur une habilitation plus haute, ou une collection d’une classe plus basse.
files-configured = La configuration dit qui peut lire { $id }.
    .hint = Modifiez readers dans [[collection]], ou retirez cette collection du fichier.
files-changing = { $id } n’a pas été supprimé : d’autres y déposent des fichiers en ce moment.
    .hint = Réessayez.
