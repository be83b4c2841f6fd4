-- Albums inside albums, what grouping found before people changed it, and the runs that found it.

-- Lists are sorted by size: counting the photos of every album for each page costs too much.
ALTER TABLE album ADD COLUMN members INTEGER NOT NULL DEFAULT 0;
UPDATE album SET members = (SELECT count(*) FROM album_photo m WHERE m.album_id = album.album_id);
CREATE TRIGGER album_photo_inserted AFTER INSERT ON album_photo BEGIN
    UPDATE album SET members = members + 1 WHERE album_id = NEW.album_id;
END;
CREATE TRIGGER album_photo_deleted AFTER DELETE ON album_photo BEGIN
    UPDATE album SET members = members - 1 WHERE album_id = OLD.album_id;
END;

-- What a run found, before decisions: clusters keep the ids of their albums through this.
CREATE TABLE grouping_state (
    run_id INTEGER PRIMARY KEY REFERENCES grouping_run ON DELETE CASCADE,
    units BLOB NOT NULL,                  -- contents (crops for subjects), ascending, little-endian int64
    leaf BLOB NOT NULL,                   -- the cluster of each, little-endian int32; -1: none
    wide BLOB NOT NULL,                   -- for themes: the cluster before it was split; else empty
    core BLOB NOT NULL,                   -- for themes: whether each is dense, one byte; else empty
    albums TEXT NOT NULL                  -- JSON: the albums of the clusters, and what holds them
) STRICT;
CREATE INDEX grouping_run_kind ON grouping_run (kind, run_id);
CREATE INDEX decision_kind ON decision (kind) WHERE NOT undone;
