-- The journal of removals names each file of a photo, and the steps that a crash can interrupt.

CREATE TABLE removal_made (
    removal_id INTEGER PRIMARY KEY AUTOINCREMENT,
    batch_id INTEGER NOT NULL,
    photo_id INTEGER NOT NULL,
    path BLOB NOT NULL,                   -- absolute
    keeper_id INTEGER,
    state TEXT NOT NULL CHECK (state IN
        ('intended', 'done', 'refused', 'restoring', 'restored', 'purging', 'purged')),
    detail TEXT NOT NULL,                 -- JSON: the evidence, and what the keeper was given
    at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;
INSERT INTO removal_made
    SELECT removal_id, batch_id, photo_id, path, keeper_id, state, detail, at FROM removal;

CREATE TABLE removal_file (
    removal_id INTEGER NOT NULL,
    path BLOB NOT NULL,                   -- absolute
    quarantine BLOB NOT NULL,             -- absolute; where the file waits
    role TEXT NOT NULL,                   -- photo, raw, motion, sidecar
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    mode INTEGER NOT NULL,
    content_hash BLOB NOT NULL,
    facts TEXT NOT NULL DEFAULT '{}',     -- as in part
    PRIMARY KEY (removal_id, path)
) STRICT, WITHOUT ROWID;

DROP TABLE removal;
ALTER TABLE removal_made RENAME TO removal;
CREATE INDEX removal_batch ON removal (batch_id);
CREATE INDEX removal_photo ON removal (photo_id);
CREATE INDEX removal_keeper ON removal (keeper_id) WHERE state = 'done';
-- What a crash may have left half done; looked at whenever a library is opened.
CREATE INDEX removal_pending ON removal (state) WHERE state IN ('intended', 'restoring', 'purging');
