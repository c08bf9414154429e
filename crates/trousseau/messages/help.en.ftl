# The help of the command line.

help = Trousseau answers from your own documents, on your own machines, with citations and proof.
help-usage = Usage:
help-commands = Commands
help-command-value = COMMAND
help-options = Options
help-global-options = Options of every command
help-arguments = Arguments
help-possible = one of: { $values }
help-default = default: { $values }
help--help = Prints this help
help--version = Prints the version
help--data = Data folder (else TROUSSEAU_DATA, else the XDG data folder)
help--config = Configuration file (else TROUSSEAU_CONFIG, else trousseau.toml in the data folder)
help--json = Prints one JSON object
help--tenant = Tenant to work in
help--key = Key of the configuration to act as (else the operator, who reads everything)

value-dir = DIR
value-file = FILE
value-name = NAME
value-path = PATH
value-text = TEXT
value-label = LABEL
value-reader = READER
value-question = QUESTION
value-state = STATE
value-count = COUNT
value-amount = AMOUNT
value-code = CODE
value-period = PERIOD
value-document = DOCUMENT
value-vkey = VKEY
value-entry = ENTRY
value-address = ADDRESS:PORT
value-role = ROLE
value-class = CLASS
value-date = DATE
value-key = KEY
value-user = USER
value-upstream = UPSTREAM
value-field = FIELD
value-value = VALUE
value-days = DAYS
value-shell = SHELL

help-demo = Shows everything at once: sample documents, questions, cited answers, decision, proof
help-demo--keep = Keeps the data of the demonstration in this folder
help-demo--documents = Uses these documents instead of the samples
help-demo--question = Asks this question instead of the three sample questions (may be repeated)

help-serve = Serves until it is told to end: OpenAI’s API, accounts, and the commands typed meanwhile
help-serve--listen = Address and port to listen on; port 0 takes a free one (else [server] listen, else 127.0.0.1:8642)
help-serve--insecure = Listens without TLS for other machines: a proxy that does TLS stands before
help-serve--no_first_key = Makes no administrator key where there is no account yet

help-ingest = Reads files and folders and keeps them as documents
help-ingest--paths = Files and folders; without any, the waiting tasks are taken up again
help-ingest--collection = Collection that the documents belong to
help-ingest--label = Least label of the documents, such as “personal” or “sensitive+health”
help-ingest--reader = Who may read them: “*”, “user:NAME” or “group:NAME” (may be repeated)
help-ingest--sync = Also removes documents whose file has gone from these folders

help-ask = Answers a question from the documents, with citations
help-ask--question = The question; “-” reads it from standard input
help-ask--route = Route of the configuration to use
help-ask--collection = Searches only this collection (may be repeated)
help-ask--label = Least label of the question

help-search = Finds the passages that speak of a question
help-search--question = The question; “-” reads it from standard input
help-search--collection = Searches only this collection (may be repeated)
help-search--limit = Number of passages, 1 to 1000 (10; with --json, 100)

help-tasks = Lists tasks and their states
help-tasks--state = Only tasks in this state
help-tasks--limit = Number of tasks, newest first

help-collections = Lists the collections

help-documents = Lists documents, shows one, deletes some
help-documents--collection = Only documents of this collection
help-documents-show = Shows the stored text of a document
help-documents-show--document = The document's id
help-documents-show--original = Writes the bytes of the original file
help-documents-delete = Deletes documents
help-documents-delete--documents = The documents' ids

help-policy = Explains decisions
help-policy-explain = Shows where a text might run, and why
help-policy-explain--text = The text; “-” reads it from standard input
help-policy-explain--route = Route of the configuration to use
help-policy-explain--label = Least label of the text
help-policy-explain--collection = Adds the label of this collection (may be repeated)
help-catalogue = What is known of providers, with sources
help-catalogue-list = Lists the entries
help-catalogue-show = Shows every fact of an entry with its source, date and confidence
help-catalogue-show--id = The entry, such as scaleway/fr-par
help-catalogue-show--model = A model at that provider
help-catalogue-check = Says which cards in use are past their validity
help-catalogue-attest = Attests what only you know of an upstream, with its evidence
help-catalogue-attest--upstream = The upstream, by its name in the configuration
help-catalogue-attest--field = The field of its card
help-catalogue-attest--value = true, false, or a number of days
help-catalogue-attest--evidence = The contract, annex or letter that establishes it
help-catalogue-attest--until = The last day it counts

help-ledger = Verifies the ledger, draws proofs from it, shows it
help-ledger-verify = Verifies a ledger with nothing but its files
help-ledger-verify--directory = Folder of the ledger (else the one in the data folder)
help-ledger-verify--vkey = Verifier key, or a file that holds it (else the folder's log.vkey)
help-ledger-verify--against = Checkpoint or proof that you hold, to find a rollback (may be repeated)
help-ledger-prove = Writes the proof of an entry
help-ledger-prove--entry = Entry, as “ask” gives it
help-ledger-prove--output = File for the proof (else standard output)
help-ledger-show = Shows entries
help-ledger-show--entry = Entry to show (else the last ones)
help-ledger-show--limit = Number of entries
help-ledger-show--record = Also shows the record: question, answer, passages

help-keys = Keys that programs ask with over HTTP
help-keys-create = Makes a key and shows it, once
help-keys-create--name = Name in which everything is asked with the key
help-keys-create--role = What the key may do besides asking: user (default), administrator, auditor, data-protection-officer
help-keys-create--group = Group whose documents it reads (may be repeated)
help-keys-create--clearance = Highest class of documents it reads (default: public)
help-keys-create--label_floor = Least label of everything asked with it
help-keys-create--route = The only route it may ask through (may be repeated; default: all)
help-keys-create--expires = Last day, such as 2027-06-30, or number of days, such as 90d (default: no end)
help-keys-create--requests_per_minute = Requests in a minute, at most (default: no limit)
help-keys-create--tokens_per_minute = Tokens read and written in a minute, at most (default: no limit)
help-keys-create--budget_tokens = Tokens in each period, at most (default: no limit)
help-keys-create--budget_money = Money in each period, at most, such as 12.50 (default: no limit)
help-keys-create--budget_currency = Currency of that budget
help-keys-create--budget_per = Period of these budgets
help-limits = Limits and budgets: who may spend what
help-limits-show = Shows how far the limits are used, and when what is used up begins anew
help-keys-list = Lists keys, revoked ones too, without the keys themselves
help-keys-revoke = Revokes a key: it is refused at once, and what is asked with it ends
help-keys-revoke--key = Id or name of the key
help-users = People who sign in
help-users-first = Makes the link by which the first administrator comes in
help-users-create = Makes a user, and the link by which the user chooses a password
help-users-create--name = Name to sign in with
help-users-create--display = How the user is called on the page
help-users-create--role = What the user may do besides asking: user (default), administrator, auditor, data-protection-officer
help-users-create--group = Group whose documents the user reads (may be repeated)
help-users-create--clearance = Highest class of documents the user reads (default: public)
help-users-create--label_floor = Least label of everything the user asks
help-users-create--route = The only route the user may ask through (may be repeated; default: all)
help-users-list = Lists users
help-users-link = Makes a link by which a user chooses a new password
help-users-link--user = Name of the user
help-users-disable = Signs a user out everywhere and in no more
help-users-disable--user = Name of the user
help-users-enable = Lets a disabled user sign in again
help-users-enable--user = Name of the user
help-records = What is kept of questions and answers
help-records-export = Writes out everything that is kept of a person, as JSON lines (GDPR art. 15)
help-records-export--subject = Name of the user or key
help-records-export--output = File to write to (else standard output)
help-records-delete = Erases everything that is kept of a person (GDPR art. 17); proofs still hold
help-records-delete--subject = Name of the user or key
help-records-purge = Erases records past their time; a server does it by itself
help-records-purge--older_than = Age from which records go, in days (else retention_days in [records])

help-backup = Copies everything into a folder, while it is served too
help-backup--to = The folder, empty or not there yet
help-restore = Makes the data folder from a backup
help-restore--from = The backup’s folder

help-config = Checks the configuration, gives an example of it
help-config-check = Checks the configuration and lists all its faults
help-config-check--file = The file to check (else the one that would be used)
help-config-show = Shows the configuration with its defaults, secrets only by their place
help-config-example = Writes a commented example

help-reload = Has the running server read its configuration anew, interrupting nobody; a file with a fault changes nothing

help-doctor = Says what is wrong and how to mend it

help-completions = Writes the completion script of a shell
help-completions--shell = The shell
