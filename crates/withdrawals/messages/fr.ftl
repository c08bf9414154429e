withdrawals-file = La liste des retraits ne peut être ni lue ni écrite : { $reason }.
    .hint = Vérifiez la place et les droits dans le dossier de données. Tant que la liste ne peut être lue, rien n’est ouvert.
withdrawals-damaged = { $path } n’est pas une liste de retraits : { $reason }.
    .hint = Remettez le fichier d’une sauvegarde. Le supprimer lèverait tous les retraits.
withdrawals-here = Le retrait est en vigueur sur cette instance, mais les autres n’ont pas encore pu en être informées : { $reason }.
    .hint = Elles le seront dès que la base répondra. D’ici là, retirez aussi sur chacune d’elles ce qui doit l’être.
withdrawals-unknown = Il n’y a pas de retrait « { $id } », ou il a pris fin.
    .hint = « trousseau withdraw list » donne ceux qui sont en vigueur.
