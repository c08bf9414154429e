withdrawals-file = The list of withdrawals can be neither read nor written: { $reason }.
    .hint = Check the room and the permissions in the data folder. As long as the list cannot be read, nothing is opened.
withdrawals-damaged = { $path } is not a list of withdrawals: { $reason }.
    .hint = Put the file back from a backup. To delete it would lift every withdrawal.
withdrawals-here = The withdrawal is in force on this replica, but the others could not be told yet: { $reason }.
    .hint = They will be as soon as the database answers. Until then, withdraw on each of them what must be withdrawn.
withdrawals-unknown = There is no withdrawal { $id }, or it has ended.
    .hint = "trousseau withdraw list" gives those that are in force.
