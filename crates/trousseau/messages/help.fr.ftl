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
value-document = DOCUMENT
value-vkey = CLÉ
value-entry = ENTRÉE
value-address = ADRESSE:PORT
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

help-config = Vérifie la configuration, en donne un exemple
help-config-check = Vérifie la configuration et liste toutes ses fautes
help-config-example = Écrit un exemple commenté

help-doctor = Dit ce qui ne va pas et comment y remédier

help-completions = Écrit le script de complétion d’un interpréteur de commandes
help-completions--shell = L’interpréteur
