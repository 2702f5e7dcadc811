-- SPDX-License-Identifier: LGPL-2.1-or-later
-- What version 2 adds: sizes over all sessions, and recordings found by their name.

-- recording.path: the name of the file in the folder "recordings" beside this file, without ".part".
-- recording.state: recording, closed, repaired (after a crash), damaged, missing, deleted (for want of room).
CREATE UNIQUE INDEX recording_path ON recording (path);

-- size_histogram summed over sessions, those that a person excluded among them. Kept by the triggers.
CREATE TABLE size_total (
        channel         INTEGER NOT NULL,
        kind            TEXT NOT NULL,
        size_db         INTEGER NOT NULL,
        n               INTEGER NOT NULL,
        PRIMARY KEY (channel, kind, size_db)
) STRICT, WITHOUT ROWID;

INSERT INTO size_total SELECT channel, kind, size_db, sum(n) FROM size_histogram GROUP BY 1, 2, 3;

CREATE TRIGGER size_total_add AFTER INSERT ON size_histogram BEGIN
        INSERT INTO size_total VALUES (new.channel, new.kind, new.size_db, new.n)
                ON CONFLICT DO UPDATE SET n = n + excluded.n;
END;
CREATE TRIGGER size_total_change AFTER UPDATE OF n ON size_histogram BEGIN
        UPDATE size_total SET n = n + new.n - old.n
                WHERE channel = new.channel AND kind = new.kind AND size_db = new.size_db;
END;
CREATE TRIGGER size_total_take AFTER DELETE ON size_histogram BEGIN
        UPDATE size_total SET n = n - old.n
                WHERE channel = old.channel AND kind = old.kind AND size_db = old.size_db;
END;
