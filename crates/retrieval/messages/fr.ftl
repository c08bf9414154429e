# L’index lexical
lexical-folder = Le dossier de l’index { $folder } ne peut être ni créé ni lu : { $cause }
    .hint = Vérifiez que le dossier de données existe et que vous pouvez y écrire.
lexical-engine = L’index { $folder } n’a pas pu être lu ou mis à jour : { $cause }
    .hint = Vérifiez la place restante sur le disque ; les documents eux-mêmes ne sont pas touchés.
lexical-damaged = L’index { $folder } est endommagé.
    .hint = Redémarrez : il sera reconstruit à partir des documents.

# Les bases de documents et d’enregistrements
store-sql = { $path } : { $reason }
store-full = Il n’y a plus de place pour écrire { $path }.
    .hint = Libérez de la place et relancez la commande : rien de ce qui était confirmé n’est perdu.
store-disk = Le disque a fait défaut pour { $path } : { $reason }
    .hint = Vérifiez le disque, la place restante et la taille permise des fichiers ; rien de ce qui était confirmé n’est perdu.
store-damaged = { $path } est endommagé : { $reason }
    .hint = Restaurez ce fichier depuis une sauvegarde ; n’effacez rien avant.
store-newer = { $path } est au format { $found } ; ce programme ne connaît que le format { $known }.
    .hint = Utilisez la version du programme qui l’a écrit, ou une plus récente.
store-older = { $path } est encore au format { $found } ; ce programme lit le format { $known }.
    .hint = Toute commande qui écrit, comme « trousseau search », met le fichier à jour.
store-away = La base { $database } ne répond pas : { $reason }
    .hint = Les clés et les sessions déjà connues continuent ; le reste reprendra quand la base répondra.
store-rejected = La base { $database } refuse la connexion : { $reason }
    .hint = Vérifiez dans [state] l’adresse, le mot de passe, tls et ca_file, et les droits de l’utilisateur sur la base.
store-replica-twice = La base { $database } connaît déjà une instance nommée { $replica }.
    .hint = Donnez à chaque dossier de données un nom à lui (replica, dans [ledger]). Le nom d’un dossier disparu ne sert plus. Si cette instance vient de s’arrêter, réessayez dans quelques secondes.
store-records-clash = L’historique ne peut pas être mis en commun dans { $database } : { $record } n’est pas le même ici et là-bas.
    .hint = Deux installations qui ont eu un historique sous le même nom ne se réunissent pas. Gardez l’une des deux et faites repartir l’autre d’un dossier de données vide, sous un nouveau nom.
store-file = { $reason }
store-no-document = Il n’y a pas de document { $id }, ou vous n’avez pas le droit de le lire.
    .hint = « trousseau documents » liste ceux que vous pouvez lire.
store-no-file = Il n’y a pas de fichier { $id }, ou vous n’avez pas le droit de le lire.
store-no-collection = Il n’y a pas de collection « { $name } ».
    .hint = « trousseau collections » les liste.
store-died = Une étape interne s’est arrêtée : { $reason }

# Les fichiers à lire
source-not-found = introuvable
    .hint = Le fichier a peut-être été déplacé depuis la dernière fois.
source-denied = lecture interdite
    .hint = Donnez-vous le droit de lecture, ou lancez la commande sous un compte qui l’a.
source-loop = ce lien ramène à un dossier situé au-dessus de lui
source-too-large = plus grand que la limite de { BYTES($limit) }
    .hint = Découpez le fichier, ou relevez max_file_bytes dans [ingest].
source-not-a-file = ni un fichier ni un dossier
source-read = { $reason }
