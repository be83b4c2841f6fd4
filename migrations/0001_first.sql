-- The whole of photolib's data (see the glossary in CONTRIBUTING.md for the words).
-- Times named *_at are UTC, ISO 8601. taken_at is local wall-clock time, as the camera showed it.
-- Ids that an index, a plan or a script can hold are AUTOINCREMENT: plain rowids are reused.

CREATE TABLE folder (
    folder_id INTEGER PRIMARY KEY AUTOINCREMENT,
    path BLOB NOT NULL UNIQUE,            -- absolute, as os.fsencode gives it
    display TEXT NOT NULL,
    marker TEXT,                          -- the token in the folder's marker file; NULL where none could be written
    device INTEGER,
    reference INTEGER NOT NULL DEFAULT 0, -- 1: no file in here is ever removed
    poll INTEGER NOT NULL DEFAULT 0,
    ignore TEXT NOT NULL DEFAULT '[]',    -- JSON list of globs
    state TEXT NOT NULL DEFAULT 'online' CHECK (state IN ('online', 'offline')),
    forgotten INTEGER NOT NULL DEFAULT 0, -- 1: not watched any more; its photos wait as missing
    added_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    scanned_at TEXT                       -- end of the last complete scan
) STRICT;

CREATE TABLE place (
    place_id INTEGER PRIMARY KEY AUTOINCREMENT,
    country_code TEXT NOT NULL,
    country TEXT NOT NULL,
    region TEXT NOT NULL,
    town TEXT NOT NULL,
    UNIQUE (country_code, region, town)
) STRICT;

CREATE TABLE content (
    content_id INTEGER PRIMARY KEY AUTOINCREMENT,
    content_hash BLOB NOT NULL UNIQUE,    -- BLAKE2b-256 of all bytes
    payload_key TEXT,
    size INTEGER NOT NULL,
    format TEXT NOT NULL,
    width INTEGER NOT NULL,               -- as shown, after orientation
    height INTEGER NOT NULL,
    orientation INTEGER NOT NULL DEFAULT 1,
    icc TEXT,
    frames INTEGER NOT NULL DEFAULT 1,
    attachments TEXT NOT NULL DEFAULT '', -- what the file carries beside its picture: motion, gainmap, mpo, trailer
    taken_at TEXT,
    taken_offset INTEGER,                 -- minutes east of UTC
    taken_source TEXT,                    -- exif, xmp, gps, name or mtime
    latitude REAL,
    longitude REAL,
    place_id INTEGER REFERENCES place,
    camera TEXT,
    lens TEXT,
    exposure REAL,                        -- seconds
    aperture REAL,                        -- f-number
    iso INTEGER,
    focal_length REAL,                    -- millimetres
    rating INTEGER,
    keywords TEXT NOT NULL DEFAULT '[]',  -- JSON list
    people TEXT NOT NULL DEFAULT '[]',    -- JSON list
    title TEXT,
    description TEXT,
    sharpness REAL,
    added_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;
CREATE INDEX content_payload ON content (payload_key) WHERE payload_key IS NOT NULL;

CREATE TABLE photo (
    photo_id INTEGER PRIMARY KEY AUTOINCREMENT,
    folder_id INTEGER NOT NULL REFERENCES folder ON DELETE CASCADE,
    path BLOB NOT NULL,                   -- relative to the folder
    display TEXT NOT NULL,                -- the absolute path, safe to show
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    inode INTEGER,
    state TEXT NOT NULL DEFAULT 'present' CHECK (state IN ('present', 'missing', 'removed')),
    content_id INTEGER NOT NULL REFERENCES content,
    taken_at TEXT,                        -- the content's, the name's or the file's own, whichever is best
    taken_source TEXT,
    rating INTEGER CHECK (rating BETWEEN 0 AND 5),
    favourite INTEGER NOT NULL DEFAULT 0,
    hidden INTEGER NOT NULL DEFAULT 0,
    orientation_override INTEGER,
    taken_at_override TEXT,
    first_seen TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;
-- A photo that is missing keeps the path it was last seen at, where another may stand now.
CREATE UNIQUE INDEX photo_at ON photo (folder_id, path) WHERE state = 'present';
CREATE INDEX photo_path ON photo (folder_id, path);
CREATE INDEX photo_content ON photo (content_id);
CREATE INDEX photo_order ON photo (state, hidden, taken_at DESC, photo_id DESC);
CREATE INDEX photo_folder_order ON photo (folder_id, state, hidden, taken_at DESC, photo_id DESC);

CREATE TABLE part (
    part_id INTEGER PRIMARY KEY AUTOINCREMENT,
    folder_id INTEGER NOT NULL REFERENCES folder ON DELETE CASCADE,
    photo_id INTEGER REFERENCES photo ON DELETE CASCADE,
    path BLOB NOT NULL,
    display TEXT NOT NULL,
    role TEXT NOT NULL,                   -- raw, motion, sidecar
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    content_hash BLOB,
    facts TEXT NOT NULL DEFAULT '{}',    -- JSON: what a sidecar says of its photo
    UNIQUE (folder_id, path)
) STRICT;
CREATE INDEX part_photo ON part (photo_id);

CREATE TABLE model (
    model_no INTEGER PRIMARY KEY AUTOINCREMENT,
    model_id TEXT NOT NULL UNIQUE,        -- architecture, weights digest, preprocessing
    kind TEXT NOT NULL CHECK (kind IN ('encoder', 'detector', 'ocr', 'look')),
    name TEXT NOT NULL,
    dimensions INTEGER,
    source TEXT,
    added_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;

CREATE TABLE crop (
    crop_id INTEGER PRIMARY KEY AUTOINCREMENT,
    content_id INTEGER NOT NULL REFERENCES content ON DELETE CASCADE,
    model_no INTEGER NOT NULL REFERENCES model,
    frame INTEGER NOT NULL DEFAULT 0,
    x REAL NOT NULL, y REAL NOT NULL, w REAL NOT NULL, h REAL NOT NULL, -- fractions of the oriented picture
    label TEXT NOT NULL DEFAULT '',
    confidence REAL NOT NULL,
    mask TEXT,                            -- JSON outline, fractions
    retired INTEGER NOT NULL DEFAULT 0    -- 1: of a former detector, kept for what a person decided about it
) STRICT;
CREATE INDEX crop_content ON crop (content_id);

CREATE TABLE label (
    label_id INTEGER PRIMARY KEY AUTOINCREMENT,
    content_id INTEGER NOT NULL REFERENCES content ON DELETE CASCADE,
    crop_id INTEGER REFERENCES crop ON DELETE CASCADE,
    name TEXT NOT NULL,
    provenance TEXT NOT NULL CHECK (provenance IN ('detected', 'accepted', 'suggested', 'own')),
    score REAL
) STRICT;
CREATE INDEX label_content ON label (content_id);
CREATE INDEX label_name ON label (name, provenance);
CREATE INDEX label_crop ON label (crop_id) WHERE crop_id IS NOT NULL;

CREATE TABLE text (
    text_id INTEGER PRIMARY KEY AUTOINCREMENT,
    content_id INTEGER NOT NULL REFERENCES content ON DELETE CASCADE,
    model_no INTEGER NOT NULL REFERENCES model,
    words TEXT NOT NULL,
    x REAL NOT NULL, y REAL NOT NULL, w REAL NOT NULL, h REAL NOT NULL,
    confidence REAL NOT NULL
) STRICT;
CREATE INDEX text_content ON text (content_id);

CREATE TABLE tag (
    tag_id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE
) STRICT;

CREATE TABLE photo_tag (
    photo_id INTEGER NOT NULL REFERENCES photo ON DELETE CASCADE,
    tag_id INTEGER NOT NULL REFERENCES tag ON DELETE CASCADE,
    PRIMARY KEY (photo_id, tag_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE embedding (
    embedding_id INTEGER PRIMARY KEY AUTOINCREMENT, -- the id that FAISS holds
    model_no INTEGER NOT NULL REFERENCES model,
    kind TEXT NOT NULL CHECK (kind IN ('photo', 'crop', 'text', 'look', 'crop-look')),
    content_id INTEGER NOT NULL REFERENCES content ON DELETE CASCADE,
    crop_id INTEGER REFERENCES crop ON DELETE CASCADE,
    text_id INTEGER REFERENCES text ON DELETE CASCADE,
    vector BLOB NOT NULL                  -- unit length, little-endian float16
) STRICT;
CREATE UNIQUE INDEX embedding_once ON embedding (model_no, kind, content_id, ifnull(crop_id, 0), ifnull(text_id, 0));
CREATE INDEX embedding_content ON embedding (content_id);
CREATE INDEX embedding_crop ON embedding (crop_id) WHERE crop_id IS NOT NULL;
CREATE INDEX embedding_text ON embedding (text_id) WHERE text_id IS NOT NULL;

CREATE TABLE neighbour (
    model_no INTEGER NOT NULL REFERENCES model,
    content_id INTEGER NOT NULL REFERENCES content ON DELETE CASCADE,
    others BLOB NOT NULL,                 -- content ids, little-endian int64
    similarities BLOB NOT NULL,           -- cosines, little-endian float32
    PRIMARY KEY (model_no, content_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE perceptual (
    content_id INTEGER PRIMARY KEY REFERENCES content ON DELETE CASCADE,
    dhash BLOB NOT NULL,                  -- for the EXIF orientations 1 to 8, little-endian uint64
    phash BLOB NOT NULL,
    pixel_hash BLOB                       -- of the full decoded pixels; only for candidate duplicates
) STRICT;

CREATE TABLE pair (
    content_a INTEGER NOT NULL REFERENCES content ON DELETE CASCADE,
    content_b INTEGER NOT NULL REFERENCES content ON DELETE CASCADE,
    verdict TEXT NOT NULL CHECK (verdict IN ('verified', 'rejected')),
    tier TEXT CHECK (tier IN ('payload', 'pixels', 'near')),
    relation TEXT,
    direction TEXT,
    score REAL,
    inliers INTEGER,
    residual REAL,
    CHECK (content_a < content_b),
    PRIMARY KEY (content_a, content_b)
) STRICT, WITHOUT ROWID;
CREATE INDEX pair_other ON pair (content_b);

CREATE TABLE duplicate_set (
    set_id INTEGER PRIMARY KEY AUTOINCREMENT,
    tier TEXT NOT NULL CHECK (tier IN ('bytes', 'payload', 'pixels', 'near')),
    keeper_id INTEGER NOT NULL REFERENCES photo ON DELETE CASCADE,
    tie INTEGER NOT NULL DEFAULT 0,
    reclaimable INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE duplicate_photo (
    photo_id INTEGER PRIMARY KEY REFERENCES photo ON DELETE CASCADE,
    set_id INTEGER NOT NULL REFERENCES duplicate_set ON DELETE CASCADE,
    tier TEXT,                            -- the evidence against the keeper; NULL for the keeper
    relation TEXT,
    direction TEXT,
    score REAL,
    inliers INTEGER,
    residual REAL,
    reason TEXT NOT NULL
) STRICT;
CREATE INDEX duplicate_photo_set ON duplicate_photo (set_id);

CREATE TABLE stack (
    stack_id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('burst', 'bracket')),
    cover_id INTEGER REFERENCES photo ON DELETE SET NULL
) STRICT;

CREATE TABLE stack_photo (
    photo_id INTEGER PRIMARY KEY REFERENCES photo ON DELETE CASCADE,
    stack_id INTEGER NOT NULL REFERENCES stack ON DELETE CASCADE
) STRICT;

CREATE TABLE grouping_run (
    run_id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,                   -- theme, event, place, subject
    model_no INTEGER REFERENCES model,
    eps REAL,
    min_samples INTEGER,
    noise INTEGER NOT NULL DEFAULT 0,
    change INTEGER NOT NULL,              -- the last change the run has seen
    parameters TEXT NOT NULL DEFAULT '{}',
    run_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;

CREATE TABLE album (
    album_id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('theme', 'event', 'place', 'subject', 'person', 'saved', 'user')),
    name TEXT NOT NULL,
    named_by TEXT NOT NULL DEFAULT 'machine' CHECK (named_by IN ('machine', 'person')),
    suggestions TEXT NOT NULL DEFAULT '[]',
    parent_id INTEGER REFERENCES album ON DELETE SET NULL,
    level INTEGER NOT NULL DEFAULT 0,
    cover_id INTEGER REFERENCES photo ON DELETE SET NULL,
    pinned INTEGER NOT NULL DEFAULT 0,
    hidden INTEGER NOT NULL DEFAULT 0,
    run_id INTEGER REFERENCES grouping_run ON DELETE SET NULL,
    retired INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE album_photo (
    album_id INTEGER NOT NULL REFERENCES album ON DELETE CASCADE,
    photo_id INTEGER NOT NULL REFERENCES photo ON DELETE CASCADE,
    crop_id INTEGER REFERENCES crop ON DELETE SET NULL,
    position INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (album_id, photo_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX album_photo_photo ON album_photo (photo_id);
CREATE INDEX album_photo_crop ON album_photo (crop_id) WHERE crop_id IS NOT NULL;

CREATE TABLE decision (
    decision_id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,                   -- merge, split, move, exclude, pin, hide, not-duplicates, keeper
    subject TEXT NOT NULL,                -- JSON: the albums, photos or contents that it binds
    made_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    undone INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE saved_search (
    album_id INTEGER PRIMARY KEY REFERENCES album ON DELETE CASCADE,
    query TEXT NOT NULL,
    seen_change INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE calibration (
    model_no INTEGER NOT NULL REFERENCES model,
    kind TEXT NOT NULL,
    version INTEGER NOT NULL,
    statistics TEXT NOT NULL,             -- JSON
    PRIMARY KEY (model_no, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE projection (
    method TEXT NOT NULL,
    content_id INTEGER NOT NULL REFERENCES content ON DELETE CASCADE,
    x REAL NOT NULL,
    y REAL NOT NULL,
    PRIMARY KEY (method, content_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE stage (
    content_id INTEGER NOT NULL REFERENCES content ON DELETE CASCADE,
    name TEXT NOT NULL CHECK (name IN ('embed', 'crops', 'texts')),
    version TEXT NOT NULL,                -- the model that did it
    attempts INTEGER NOT NULL DEFAULT 1,
    problem TEXT,                         -- NULL: done
    at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    PRIMARY KEY (content_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX stage_problem ON stage (content_id) WHERE problem IS NOT NULL;

CREATE TABLE problem (
    problem_id INTEGER PRIMARY KEY AUTOINCREMENT,
    folder_id INTEGER NOT NULL REFERENCES folder ON DELETE CASCADE,
    path BLOB NOT NULL,
    display TEXT NOT NULL,
    photo_id INTEGER REFERENCES photo ON DELETE CASCADE,
    outcome TEXT NOT NULL CHECK (outcome IN ('failed', 'skipped')),
    stage TEXT NOT NULL,
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    remedy TEXT NOT NULL DEFAULT '',
    retryable INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 1,
    size INTEGER NOT NULL DEFAULT 0,      -- what the file was when it failed:
    mtime_ns INTEGER NOT NULL DEFAULT 0,  -- it is tried again when either changes
    last_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    UNIQUE (folder_id, path, stage)
) STRICT;

-- Deleting a row looks for what refers to it: without these, in every row of those tables.
CREATE INDEX neighbour_content ON neighbour (content_id);
CREATE INDEX projection_content ON projection (content_id);
CREATE INDEX duplicate_set_keeper ON duplicate_set (keeper_id);
CREATE INDEX problem_photo ON problem (photo_id) WHERE photo_id IS NOT NULL;
CREATE INDEX album_cover ON album (cover_id) WHERE cover_id IS NOT NULL;
CREATE INDEX album_parent ON album (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX stack_cover ON stack (cover_id) WHERE cover_id IS NOT NULL;

-- All that went wrong: files that could not be read, and stages that failed on a readable photo.
CREATE VIEW trouble AS
    SELECT folder_id, path, photo_id, outcome, stage, code, reason, remedy, attempts, last_at,
        retryable
    FROM problem
    UNION ALL
    SELECT p.folder_id, p.path, p.photo_id, 'failed', s.name, 'stage', s.problem,
        'Try again: photolib problems --retry', s.attempts, s.at, 1
    FROM stage s JOIN photo p ON p.photo_id = (SELECT min(photo_id) FROM photo
        WHERE content_id = s.content_id AND state = 'present')
    WHERE s.problem IS NOT NULL;

CREATE TABLE removal (
    removal_id INTEGER PRIMARY KEY AUTOINCREMENT,
    batch_id INTEGER NOT NULL,
    photo_id INTEGER NOT NULL,
    path BLOB NOT NULL,                   -- absolute
    quarantine BLOB,                      -- absolute; where the file waits
    keeper_id INTEGER,
    state TEXT NOT NULL CHECK (state IN ('intended', 'done', 'refused', 'restored', 'purged')),
    detail TEXT NOT NULL,                 -- JSON: hashes, times, permissions, merged metadata
    at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;
CREATE INDEX removal_batch ON removal (batch_id);

CREATE TABLE action (
    action_id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    before TEXT NOT NULL,                 -- JSON
    after TEXT NOT NULL,
    undone INTEGER NOT NULL DEFAULT 0,
    at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;

CREATE TABLE request (
    request_id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL DEFAULT '{}',
    state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed')),
    progress TEXT NOT NULL DEFAULT '{}',
    at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;

CREATE TABLE lease (
    name TEXT PRIMARY KEY,
    fence INTEGER NOT NULL DEFAULT 0,     -- grows with each holder; checked inside every batch
    owner TEXT,                           -- NULL: released
    pid INTEGER,
    acquired_at TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO setting (name, value) VALUES ('catalogue_id', lower(hex(randomblob(16)))), ('epoch', '1');

-- What search and grouping depend on, in the order it happened. An index that has seen change N
-- catches up by reading on from N.
CREATE TABLE change_log (
    change INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    row_id INTEGER NOT NULL,
    op TEXT NOT NULL CHECK (op IN ('insert', 'update', 'delete'))
) STRICT;

CREATE TRIGGER embedding_inserted AFTER INSERT ON embedding BEGIN
    INSERT INTO change_log (kind, row_id, op) VALUES ('embedding', NEW.embedding_id, 'insert');
END;
CREATE TRIGGER embedding_updated AFTER UPDATE ON embedding BEGIN
    INSERT INTO change_log (kind, row_id, op) VALUES ('embedding', NEW.embedding_id, 'update');
END;
CREATE TRIGGER embedding_deleted AFTER DELETE ON embedding BEGIN
    INSERT INTO change_log (kind, row_id, op) VALUES ('embedding', OLD.embedding_id, 'delete');
END;
CREATE TRIGGER photo_inserted AFTER INSERT ON photo BEGIN
    INSERT INTO change_log (kind, row_id, op) VALUES ('photo', NEW.photo_id, 'insert');
END;
CREATE TRIGGER photo_updated AFTER UPDATE OF folder_id, path, state, content_id, taken_at, hidden ON photo
WHEN (OLD.folder_id, OLD.path, OLD.state, OLD.content_id, OLD.taken_at, OLD.hidden)
    IS NOT (NEW.folder_id, NEW.path, NEW.state, NEW.content_id, NEW.taken_at, NEW.hidden) BEGIN
    INSERT INTO change_log (kind, row_id, op) VALUES ('photo', NEW.photo_id, 'update');
END;
CREATE TRIGGER photo_deleted AFTER DELETE ON photo BEGIN
    INSERT INTO change_log (kind, row_id, op) VALUES ('photo', OLD.photo_id, 'delete');
    DELETE FROM words WHERE rowid = OLD.photo_id;
    DELETE FROM fragments WHERE rowid = OLD.photo_id;
END;
CREATE TRIGGER album_changed AFTER UPDATE OF name, hidden, pinned, parent_id ON album BEGIN
    INSERT INTO change_log (kind, row_id, op) VALUES ('album', NEW.album_id, 'update');
END;

-- Words of a photo: rowid is photo_id.
CREATE VIRTUAL TABLE words USING fts5 (
    name, folder, title, tags, labels, places, camera, dates, ocr,
    tokenize = "unicode61 remove_diacritics 2"
);
-- Substrings of names and recognised text; rowid is photo_id.
CREATE VIRTUAL TABLE fragments USING fts5 (name, ocr, tokenize = 'trigram');
