-- The words that photos are scored against: what a person added to (1) or took from (0) those that
-- ship with photolib.
CREATE TABLE vocabulary (
    word TEXT PRIMARY KEY COLLATE NOCASE,
    wanted INTEGER NOT NULL CHECK (wanted IN (0, 1))
) STRICT, WITHOUT ROWID;

-- What a person said a photo does not show: no detector and no suggestion brings it back.
CREATE TABLE rejected_label (
    content_id INTEGER NOT NULL REFERENCES content ON DELETE CASCADE,
    name TEXT NOT NULL COLLATE NOCASE,
    PRIMARY KEY (content_id, name)
) STRICT, WITHOUT ROWID;

-- Models of the kind copy: descriptors that know a picture again after it was edited. SQLite cannot
-- alter a CHECK; the rows that refer to models wait until the table is back.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE model_before AS SELECT * FROM model;
DROP TABLE model;
CREATE TABLE model (
    model_no INTEGER PRIMARY KEY AUTOINCREMENT,
    model_id TEXT NOT NULL UNIQUE,        -- architecture, weights digest, preprocessing
    kind TEXT NOT NULL CHECK (kind IN ('encoder', 'detector', 'ocr', 'look', 'copy')),
    name TEXT NOT NULL,
    dimensions INTEGER,
    source TEXT,
    added_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;
INSERT INTO model SELECT * FROM model_before;
DROP TABLE model_before;
