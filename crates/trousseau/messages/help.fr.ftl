# L’aide de la ligne de commande.

help = Trousseau répond à vos questions à partir de vos documents, sur vos machines, avec citations et preuve.
help-usage = Utilisation :
help-commands = Commandes{" "}
help-command-value = COMMANDE
help-options = Options{" "}
help-global-options = Options de toutes les commandes{" "}
help-arguments = Arguments{" "}
help-possible = au choix : { $values }
help-default = par défaut : { $values }
help--help = Affiche cette aide
help--version = Affiche la version
help--data = Dossier des données (sinon TROUSSEAU_DATA, sinon le dossier de données XDG)
help--config = Fichier de configuration (sinon TROUSSEAU_CONFIG, sinon trousseau.toml dans le dossier des données)
help--json = Écrit un seul objet JSON
help--tenant = Locataire dans lequel travailler
help--key = Clé de la configuration au nom de laquelle agir (sinon l’opérateur, qui lit tout)

value-dir = DOSSIER
value-file = FICHIER
value-name = NOM
value-path = CHEMIN
value-text = TEXTE
value-label = ÉTIQUETTE
value-reader = LECTEUR
value-question = QUESTION
value-state = ÉTAT
value-count = NOMBRE
value-amount = MONTANT
value-code = CODE
value-period = PÉRIODE
value-document = DOCUMENT
value-vkey = CLÉ
value-entry = ENTRÉE
value-address = ADRESSE:PORT
value-role = RÔLE
value-class = CLASSE
value-date = DATE
value-key = CLÉ
value-user = UTILISATEUR
value-upstream = FOURNISSEUR
value-field = CHAMP
value-value = VALEUR
value-days = JOURS
value-shell = INTERPRÉTEUR

help-demo = Montre tout en une fois : documents d’exemple, questions, réponses citées, décision, preuve
help-demo--keep = Garde les données de la démonstration dans ce dossier
help-demo--documents = Utilise ces documents à la place des exemples
help-demo--question = Pose cette question à la place des trois questions d’exemple (peut être répétée)

help-serve = Sert jusqu’à ce qu’on l’arrête : l’API d’OpenAI, les comptes, et les commandes tapées entre-temps
help-serve--listen = Adresse et port d’écoute ; le port 0 en prend un libre (sinon [server] listen, sinon 127.0.0.1:8642)
help-serve--insecure = Écoute sans TLS pour d’autres machines : un mandataire qui fait TLS se tient devant
help-serve--no_first_key = Ne crée pas de clé d’administrateur là où il n’y a encore aucun compte

help-ingest = Lit des fichiers et des dossiers et les garde comme documents
help-ingest--paths = Fichiers et dossiers ; sans eux, reprend les tâches en attente
help-ingest--collection = Collection à laquelle les documents appartiennent
help-ingest--label = Étiquette minimale des documents, par exemple « personal » ou « sensitive+health »
help-ingest--reader = Lecteur autorisé : « * », « user:NOM » ou « group:NOM » (peut être répété)
help-ingest--sync = Retire aussi les documents dont le fichier a disparu de ces dossiers

help-ask = Répond à une question à partir des documents, avec citations
help-ask--question = La question ; « - » la lit sur l’entrée standard
help-ask--route = Route de la configuration à utiliser
help-ask--collection = Ne cherche que dans cette collection (peut être répété)
help-ask--label = Étiquette minimale de la question

help-search = Cherche les passages qui parlent d’une question
help-search--question = La question ; « - » la lit sur l’entrée standard
help-search--collection = Ne cherche que dans cette collection (peut être répété)
help-search--limit = Nombre de passages, de 1 à 1000 (10 ; avec --json, 100)

help-tasks = Liste les tâches et leur état
help-tasks--state = Seulement les tâches dans cet état
help-tasks--limit = Nombre de tâches, les plus récentes d’abord

help-collections = Liste les collections

help-documents = Liste les documents, en montre un, en supprime
help-documents--collection = Seulement les documents de cette collection
help-documents-show = Montre le texte gardé d’un document
help-documents-show--document = Identifiant du document
help-documents-show--original = Écrit les octets du fichier d’origine
help-documents-delete = Supprime des documents
help-documents-delete--documents = Identifiants des documents

help-policy = Explique les décisions
help-policy-explain = Montre où un texte pourrait être traité, et pourquoi
help-policy-explain--text = Le texte ; « - » le lit sur l’entrée standard
help-policy-explain--route = Route de la configuration à utiliser
help-policy-explain--label = Étiquette minimale du texte
help-policy-explain--collection = Ajoute l’étiquette de cette collection (peut être répété)
help-catalogue = Ce que l’on sait des fournisseurs, sources à l’appui
help-catalogue-list = Liste les entrées
help-catalogue-show = Montre chaque fait d’une entrée avec sa source, sa date et sa confiance
help-catalogue-show--id = L’entrée, comme scaleway/fr-par
help-catalogue-show--model = Un modèle de ce fournisseur
help-catalogue-check = Dit quelles fiches employées ne sont plus valables
help-catalogue-attest = Atteste ce que vous seuls savez d’un fournisseur, preuve à l’appui
help-catalogue-attest--upstream = Le fournisseur, par son nom dans la configuration
help-catalogue-attest--field = Le champ de sa fiche
help-catalogue-attest--value = true, false, ou un nombre de jours
help-catalogue-attest--evidence = Le contrat, l’annexe ou le courrier qui l’établit
help-catalogue-attest--until = Le dernier jour où cela compte

help-ledger = Vérifie le registre, en tire des preuves, le montre
help-ledger-verify = Vérifie un registre sans rien d’autre que ses fichiers
help-ledger-verify--directory = Dossier du registre (sinon celui des données)
help-ledger-verify--vkey = Clé de vérification, ou fichier qui la contient (sinon log.vkey du dossier)
help-ledger-verify--against = Point de contrôle ou preuve que vous gardez, pour déceler un retour en arrière (peut être répété)
help-ledger-prove = Écrit la preuve d’une entrée
help-ledger-prove--entry = Entrée, telle que « ask » la donne
help-ledger-prove--output = Fichier de la preuve (sinon la sortie standard)
help-ledger-show = Montre des entrées
help-ledger-show--entry = Entrée à montrer (sinon les dernières)
help-ledger-show--limit = Nombre d’entrées
help-ledger-show--record = Montre aussi l’enregistrement : question, réponse, passages

help-keys = Les clés avec lesquelles des programmes interrogent par HTTP
help-keys-create = Crée une clé et la montre, une seule fois
help-keys-create--name = Nom au nom duquel tout est demandé avec la clé
help-keys-create--role = Ce que la clé peut faire en plus de demander : user (par défaut), administrator, auditor, data-protection-officer
help-keys-create--group = Groupe dont elle lit les documents (peut être répété)
help-keys-create--clearance = Plus haute classe de documents qu’elle lit (par défaut : public)
help-keys-create--label_floor = Étiquette minimale de tout ce qu’elle demande
help-keys-create--route = Seule route par laquelle elle peut demander (peut être répété ; par défaut : toutes)
help-keys-create--expires = Dernier jour, comme 2027-06-30, ou nombre de jours, comme 90j (par défaut : sans fin)
help-keys-create--requests_per_minute = Demandes en une minute, au plus (par défaut : sans limite)
help-keys-create--tokens_per_minute = Jetons lus et écrits en une minute, au plus (par défaut : sans limite)
help-keys-create--budget_tokens = Jetons par période, au plus (par défaut : sans limite)
help-keys-create--budget_money = Argent par période, au plus, comme 12,50 (par défaut : sans limite)
help-keys-create--budget_currency = Monnaie de ce budget
help-keys-create--budget_per = Période de ces budgets
help-limits = Les limites et les budgets : qui peut dépenser quoi
help-limits-show = Montre où en sont les limites, et quand ce qui est épuisé repart
help-keys-list = Liste les clés, révoquées comprises, sans les clés elles-mêmes
help-keys-revoke = Révoque une clé : elle est refusée aussitôt, et ce qu’elle demandait s’arrête
help-keys-revoke--key = Identifiant ou nom de la clé
help-users = Les personnes qui se connectent
help-users-first = Crée le lien par lequel entre le premier administrateur
help-users-create = Crée un utilisateur, et le lien par lequel il choisit son mot de passe
help-users-create--name = Nom de connexion
help-users-create--display = Nom affiché sur la page
help-users-create--role = Ce que l’utilisateur peut faire en plus de demander : user (par défaut), administrator, auditor, data-protection-officer
help-users-create--group = Groupe dont il lit les documents (peut être répété)
help-users-create--clearance = Plus haute classe de documents qu’il lit (par défaut : public)
help-users-create--label_floor = Étiquette minimale de tout ce qu’il demande
help-users-create--route = Seule route par laquelle il peut demander (peut être répété ; par défaut : toutes)
help-users-list = Liste les utilisateurs
help-users-link = Crée un lien par lequel un utilisateur choisit un nouveau mot de passe
help-users-link--user = Nom de l’utilisateur
help-users-disable = Déconnecte partout un utilisateur et ne le laisse plus entrer
help-users-disable--user = Nom de l’utilisateur
help-users-enable = Laisse de nouveau entrer un utilisateur désactivé
help-users-enable--user = Nom de l’utilisateur
help-records = Ce qui est conservé des questions et des réponses
help-records-export = Écrit tout ce qui est conservé d’une personne, en lignes JSON (RGPD, art. 15)
help-records-export--subject = Nom de l’utilisateur ou de la clé
help-records-export--output = Fichier à écrire (sinon la sortie standard)
help-records-delete = Efface tout ce qui est conservé d’une personne (RGPD, art. 17) ; les preuves restent valables
help-records-delete--subject = Nom de l’utilisateur ou de la clé
help-records-purge = Efface les enregistrements arrivés à terme ; un serveur le fait de lui-même
help-records-purge--older_than = Âge à partir duquel ils s’effacent, en jours (sinon retention_days de [records])

help-backup = Copie tout dans un dossier, même pendant que le service tourne
help-backup--to = Le dossier, vide ou à créer
help-restore = Refait le dossier des données à partir d’une sauvegarde
help-restore--from = Le dossier de la sauvegarde

help-config = Vérifie la configuration, en donne un exemple
help-config-check = Vérifie la configuration et liste toutes ses fautes
help-config-check--file = Fichier à vérifier (sinon celui qui serait utilisé)
help-config-show = Montre la configuration avec ses valeurs par défaut, les secrets par leur seul emplacement
help-config-example = Écrit un exemple commenté

help-reload = Fait relire la configuration au serveur qui tourne, sans interrompre personne ; un fichier fautif ne change rien

help-doctor = Dit ce qui ne va pas et comment y remédier

help-completions = Écrit le script de complétion d’un interpréteur de commandes
help-completions--shell = L’interpréteur
