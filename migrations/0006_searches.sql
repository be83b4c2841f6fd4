-- Saved searches tell what is new by ids of photos: they only grow, and the log of changes is short.
ALTER TABLE saved_search RENAME COLUMN seen_change TO seen_photo;

-- What was searched for, the latest time of each.
CREATE TABLE asked (
    asked_id INTEGER PRIMARY KEY AUTOINCREMENT, -- a larger one was asked later
    query TEXT NOT NULL UNIQUE
) STRICT;
