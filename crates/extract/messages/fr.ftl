# Pourquoi un fichier n’a pas été lu. Le nom du fichier est donné par qui affiche le message.

extract-empty = Le fichier ne contient aucun texte.
    .hint = Un fichier vide est ignoré ; supprimez-le ou complétez-le.
extract-too-large = Le fichier fait { $bytes } octets, plus que la limite de { $limit }.
    .hint = Découpez-le en plusieurs fichiers.
extract-too-many-blocks = Le fichier compte plus de { $limit } paragraphes, éléments de liste ou lignes de tableau.
    .hint = Découpez-le en plusieurs fichiers.
extract-too-deep = Listes, tableaux ou citations sont imbriqués sur plus de { $limit } niveaux.
    .hint = Le fichier est sans doute abîmé ; ouvrez-le et enregistrez-le de nouveau.
extract-too-many-attributes = Une balise du fichier porte plus de { $limit } attributs.
    .hint = Le fichier est sans doute abîmé ou hostile ; les autres ne sont pas touchés.
extract-binary = Le contenu n’est pas du texte : { $found }.
    .hint = Vérifiez que l’extension du fichier correspond à son contenu.
extract-unsupported = Ce format n’est pas encore lu : { $format }.
    .hint = Sont lus : texte (.txt), Markdown (.md) et HTML (.html).
extract-bad-encoding = L’encodage { $encoding } n’est pas lu.
    .hint = Enregistrez le fichier en UTF-8.
extract-worker-died = Le processus de lecture s’est arrêté sur ce fichier ({ $reason }).
    .hint = Le fichier est sans doute abîmé ou hostile ; les autres ne sont pas touchés.
extract-timed-out = La lecture a dépassé { $seconds } s et a été interrompue.
    .hint = Le fichier est sans doute abîmé ou hostile ; les autres ne sont pas touchés.
extract-worker-not-started = Impossible de lancer le processus de lecture { $program } : { $reason }.

# Ce qui était inhabituel dans un fichier pourtant lu.

extract-encoding-guessed = L’encodage n’est pas indiqué ; le fichier a été lu comme windows-1252 (latin-1).
    .hint = Si des lettres accentuées sont fausses, enregistrez le fichier en UTF-8.
extract-encoding-mismatch = L’encodage annoncé par le fichier n’est pas le sien ; il a été corrigé.
extract-encoding-damaged = Certains octets ne sont pas valables dans l’encodage du fichier ; ils sont remplacés par « � ».
extract-control-characters = Des caractères de commande ont été remplacés par des espaces.
extract-hidden-text = Du texte caché aux lecteurs de la page a été laissé de côté.
