-- An account that was deleted stays as it is until its samples have gone, and is seen by nobody. Meanwhile its guid stands in the
-- place of its name, which another may have, and `deletions` keeps that name.

ALTER TABLE accounts ADD COLUMN deleted_at INTEGER
