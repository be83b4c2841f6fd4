-- What copies are sought by, and what was found out about pairs of contents.
ALTER TABLE pair ADD COLUMN rules INTEGER NOT NULL DEFAULT 0; -- the version of the rules that judged
ALTER TABLE pair ADD COLUMN amount REAL;          -- a crop's share of the area, a resized copy's of the side
ALTER TABLE pair ADD COLUMN map TEXT;             -- JSON: six numbers, fractions of A's frame to those of B's
ALTER TABLE duplicate_photo ADD COLUMN amount REAL;

CREATE TABLE sign (
    content_id INTEGER PRIMARY KEY REFERENCES content ON DELETE CASCADE,
    version TEXT NOT NULL,                -- of the rule that made them; '': the picture could not be had
    marks BLOB NOT NULL,                  -- 10 bytes a feature: code, little-endian uint64; x and y, uint8
    sought INTEGER NOT NULL DEFAULT 0     -- 1: every content there was has been asked whether it is a copy
) STRICT;
CREATE INDEX sign_unsought ON sign (content_id) WHERE NOT sought;

-- Sets depend on verified pairs, and on what decides which photo is kept.
CREATE TRIGGER pair_verified AFTER INSERT ON pair WHEN NEW.verdict = 'verified' BEGIN
    INSERT INTO change_log (kind, row_id, op)
        VALUES ('copy', NEW.content_a, 'insert'), ('copy', NEW.content_b, 'insert');
END;
CREATE TRIGGER pair_changed AFTER UPDATE ON pair
WHEN 'verified' IN (OLD.verdict, NEW.verdict) BEGIN
    INSERT INTO change_log (kind, row_id, op)
        VALUES ('copy', NEW.content_a, 'update'), ('copy', NEW.content_b, 'update');
END;
CREATE TRIGGER pair_deleted AFTER DELETE ON pair WHEN OLD.verdict = 'verified' BEGIN
    INSERT INTO change_log (kind, row_id, op)
        VALUES ('copy', OLD.content_a, 'delete'), ('copy', OLD.content_b, 'delete');
END;
CREATE TRIGGER photo_rated AFTER UPDATE OF rating ON photo WHEN OLD.rating IS NOT NEW.rating BEGIN
    INSERT INTO change_log (kind, row_id, op) VALUES ('copy', NEW.content_id, 'update');
END;
CREATE TRIGGER folder_referred AFTER UPDATE OF reference ON folder
WHEN OLD.reference <> NEW.reference BEGIN
    INSERT INTO change_log (kind, row_id, op)
        SELECT 'copy', content_id, 'update' FROM photo WHERE folder_id = NEW.folder_id;
END;
