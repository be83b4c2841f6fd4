-- The dominant colours of each content: what color: searches.
CREATE TABLE palette (
    palette_id INTEGER PRIMARY KEY AUTOINCREMENT, -- a palette made anew has a new one: readers go on from the last they saw
    content_id INTEGER NOT NULL UNIQUE REFERENCES content ON DELETE CASCADE,
    version TEXT NOT NULL,                -- of the rule that made it
    colours BLOB NOT NULL                 -- 15-bit sRGB code, little-endian uint16, and share in 255ths, uint8
) STRICT;
