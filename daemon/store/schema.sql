-- SPDX-License-Identifier: LGPL-2.1-or-later
-- The history, version 1. README.md beside this file says how to read it.

-- --- who measured, with what, and when that was ------------------------------------------

CREATE TABLE software (
        id              INTEGER PRIMARY KEY,
        version         TEXT NOT NULL UNIQUE            -- of twitchd, with its detector
) STRICT;

CREATE TABLE device (
        id              INTEGER PRIMARY KEY,
        identity        TEXT NOT NULL UNIQUE,           -- what is plugged in at a place
        name            TEXT NOT NULL                   -- as on the bus when last seen
) STRICT;

-- One row a start of the machine. A time of the measurement is kept as boottime_usec; its UTC is
-- boottime_usec + utc_minus_boottime_usec, so that a clock set later mends all of this boot.
CREATE TABLE boot (
        id              INTEGER PRIMARY KEY,
        uuid            TEXT NOT NULL UNIQUE,           -- boot id of the kernel
        utc_minus_boottime_usec INTEGER NOT NULL        -- as known last
) STRICT;

-- What the clock did: a step or another time zone is an entry.
CREATE TABLE clock (
        id              INTEGER PRIMARY KEY,
        boot            INTEGER NOT NULL REFERENCES boot,
        boottime_usec   INTEGER NOT NULL,
        utc_minus_boottime_usec INTEGER NOT NULL,       -- from here on
        utc_offset_s    INTEGER NOT NULL,               -- local time minus UTC, from here on
        cause           TEXT NOT NULL                   -- start, step, zone (daylight saving too)
) STRICT;
CREATE INDEX clock_boot ON clock (boot, boottime_usec);

-- What went wrong with the keeping itself, and how much was not kept.
CREATE TABLE incident (
        id              INTEGER PRIMARY KEY,
        time_usec       INTEGER NOT NULL,
        what            TEXT NOT NULL,                  -- overflow, full, unwritable, damaged
        n_lost          INTEGER NOT NULL,               -- records that are not here
        text            TEXT
) STRICT;

-- --- sessions: one electrode placement, one sitting --------------------------------------

CREATE TABLE session (
        id              INTEGER PRIMARY KEY AUTOINCREMENT,
        uuid            TEXT NOT NULL UNIQUE,
        device          INTEGER NOT NULL REFERENCES device,
        software        INTEGER NOT NULL REFERENCES software,
        boot            INTEGER NOT NULL REFERENCES boot,
        start_boottime_usec INTEGER NOT NULL,
        end_boottime_usec INTEGER,                      -- NULL: going on
        start_usec      INTEGER NOT NULL,               -- UTC, kept equal to boot + boottime
        end_usec        INTEGER,
        utc_offset_s    INTEGER NOT NULL,               -- local time minus UTC at its start
        template        TEXT,                           -- rest30, quick, after-exertion, night; NULL: none
        posture         TEXT,
        confirmed       INTEGER NOT NULL,               -- 0: it opened by itself, placement as last time
        continues       INTEGER REFERENCES session,     -- the same sitting, before an interruption
        false_alarms_per_hour REAL NOT NULL,            -- allowed, per channel: the sensitivity
        rate_mhz        INTEGER NOT NULL,               -- samples a second x 1000, nominal
        ended           TEXT,                           -- stopped, next, limit, unplugged, failed, shutdown, interrupted
        excluded        INTEGER NOT NULL DEFAULT 0,     -- by a person; reversible
        note            TEXT
) STRICT;
CREATE INDEX session_start ON session (start_usec);

-- Each exclusion and each return, with its reason.
CREATE TABLE session_exclusion (
        id              INTEGER PRIMARY KEY,
        session         INTEGER NOT NULL REFERENCES session ON DELETE CASCADE,
        logged_usec     INTEGER NOT NULL,
        excluded        INTEGER NOT NULL,
        why             TEXT
) STRICT;
CREATE INDEX session_exclusion_session ON session_exclusion (session);

CREATE TABLE placement (
        session         INTEGER NOT NULL REFERENCES session ON DELETE CASCADE,
        channel         INTEGER NOT NULL,               -- from 1
        site            TEXT,                           -- side-muscle, e.g. left-calf; NULL: not said
        label           TEXT,                           -- free
        gain            INTEGER NOT NULL,
        lsb_pv          INTEGER NOT NULL,               -- picovolts per count
        impedance_ohm   INTEGER,
        PRIMARY KEY (session, channel)
) STRICT, WITHOUT ROWID;

-- --- what was measured -------------------------------------------------------------------

CREATE TABLE event (
        id              INTEGER PRIMARY KEY,            -- without AUTOINCREMENT: that is a page more a commit
        session         INTEGER NOT NULL REFERENCES session ON DELETE CASCADE,
        boottime_usec   INTEGER NOT NULL,               -- the largest peak of the first discharge
        onset_usec      INTEGER NOT NULL,               -- before the peak: a length of time
        duration_usec   INTEGER NOT NULL,
        channel         INTEGER NOT NULL,               -- from 1: the strongest
        kind            TEXT NOT NULL,                  -- as in include/twitchd.h
        amplitude_nv    INTEGER NOT NULL,               -- peak to peak, 20-450 Hz
        snr_milli       INTEGER NOT NULL,               -- thousandths of a standard deviation
        discharges      INTEGER NOT NULL,
        unit            INTEGER NOT NULL                -- recurring waveform of this session; 0: none, or several
) STRICT;
CREATE INDEX event_session ON event (session, boottime_usec);

-- Of events on several channels, the others than the strongest.
CREATE TABLE event_channel (
        event           INTEGER NOT NULL REFERENCES event ON DELETE CASCADE,
        channel         INTEGER NOT NULL,
        lag_usec        INTEGER,                        -- after the strongest; NULL: not known
        PRIMARY KEY (event, channel)
) STRICT, WITHOUT ROWID;

CREATE TABLE waveform (
        event           INTEGER NOT NULL REFERENCES event ON DELETE CASCADE,
        channel         INTEGER NOT NULL,
        rate_mhz        INTEGER NOT NULL,               -- samples a second x 1000, as measured
        before          INTEGER NOT NULL,               -- samples before the peak
        lsb_pv          INTEGER NOT NULL,
        samples         BLOB NOT NULL,                  -- signed counts, 24 bits, little-endian
        PRIMARY KEY (event, channel)
) STRICT, WITHOUT ROWID;

-- A minute of a channel. A rate is the twitches of minutes with voluntary = 0 and cut = 0 by their exposure.
CREATE TABLE minute (
        session         INTEGER NOT NULL REFERENCES session ON DELETE CASCADE,
        channel         INTEGER NOT NULL,
        boottime_usec   INTEGER NOT NULL,               -- its start
        length_usec     INTEGER NOT NULL,
        exposure_usec   INTEGER NOT NULL,               -- usable rest
        noise_nv        INTEGER,                        -- NULL: not known
        floor_nv        INTEGER,                        -- smallest twitch found 9 times in 10, peak to peak
        events          INTEGER NOT NULL,
        twitches        INTEGER NOT NULL,
        voluntary       INTEGER NOT NULL,               -- the muscle was used
        cut             INTEGER NOT NULL,               -- another session began in it
        PRIMARY KEY (session, channel, boottime_usec)
) STRICT, WITHOUT ROWID;

-- Why the rest of a minute is no exposure; only what is not 0.
CREATE TABLE minute_excluded (
        session         INTEGER NOT NULL REFERENCES session ON DELETE CASCADE,
        channel         INTEGER NOT NULL,
        boottime_usec   INTEGER NOT NULL,
        cause           TEXT NOT NULL,                  -- as in include/twitchd.h
        excluded_usec   INTEGER NOT NULL,
        PRIMARY KEY (session, channel, boottime_usec, cause)
) STRICT, WITHOUT ROWID;

-- Scans that were lost until then, since the last row of that cause.
CREATE TABLE loss (
        session         INTEGER NOT NULL REFERENCES session ON DELETE CASCADE,
        boottime_usec   INTEGER NOT NULL,
        cause           TEXT NOT NULL,                  -- drdy, spi, sync, fifo, ring
        scans           INTEGER NOT NULL,
        PRIMARY KEY (session, boottime_usec, cause)
) STRICT, WITHOUT ROWID;

CREATE TABLE recording (
        id              INTEGER PRIMARY KEY,
        session         INTEGER NOT NULL REFERENCES session ON DELETE CASCADE,
        path            TEXT NOT NULL,
        start_boottime_usec INTEGER NOT NULL,
        end_boottime_usec INTEGER,
        sha256          TEXT,
        state           TEXT NOT NULL                   -- recording, closed, repaired, deleted
) STRICT;

-- --- roll-ups, written with the minute ---------------------------------------------------

-- By hour of local time. "rest" is over minutes with voluntary = 0 and cut = 0.
CREATE TABLE hour (
        session         INTEGER NOT NULL REFERENCES session ON DELETE CASCADE,
        channel         INTEGER NOT NULL,
        start_usec      INTEGER NOT NULL,               -- UTC, of the local hour
        utc_offset_s    INTEGER NOT NULL,
        minutes         INTEGER NOT NULL,
        length_usec     INTEGER NOT NULL,
        rest_minutes    INTEGER NOT NULL,
        rest_usec       INTEGER NOT NULL,               -- exposure
        rest_twitches   INTEGER NOT NULL,
        twitches        INTEGER NOT NULL,               -- of all minutes
        events          INTEGER NOT NULL,
        floor_minutes   INTEGER NOT NULL,               -- rest minutes in which noise and floor are known
        noise_nv_sum    INTEGER NOT NULL,               -- over them
        floor_nv_sum    INTEGER NOT NULL,
        floor_nv_max    INTEGER,
        PRIMARY KEY (session, channel, start_usec)
) STRICT, WITHOUT ROWID;

CREATE TABLE hour_excluded (
        session         INTEGER NOT NULL REFERENCES session ON DELETE CASCADE,
        channel         INTEGER NOT NULL,
        start_usec      INTEGER NOT NULL,
        cause           TEXT NOT NULL,
        excluded_usec   INTEGER NOT NULL,
        PRIMARY KEY (session, channel, start_usec, cause)
) STRICT, WITHOUT ROWID;

-- Sizes of the events of rest minutes, by session, in steps of 1 dB over 1 uV: size_db <= 20 log10(uV) < size_db + 1.
CREATE TABLE size_histogram (
        session         INTEGER NOT NULL REFERENCES session ON DELETE CASCADE,
        channel         INTEGER NOT NULL,
        kind            TEXT NOT NULL,
        size_db         INTEGER NOT NULL,
        n               INTEGER NOT NULL,
        PRIMARY KEY (session, channel, kind, size_db)
) STRICT, WITHOUT ROWID;

-- --- what a person says ------------------------------------------------------------------

CREATE TABLE kind (
        name            TEXT PRIMARY KEY,
        unit            TEXT NOT NULL,                  -- of amount; empty: none
        window_s        INTEGER NOT NULL,               -- how long before a session an entry counts; 0: never asked about
        relief          INTEGER NOT NULL,               -- people do it because it is bad
        own             INTEGER NOT NULL,               -- not one of those below
        description     TEXT NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO kind (name, unit, window_s, relief, own, description) VALUES
        ('caffeine',        'mg',    21600,  0, 0, 'coffee, tea, cola, energy drinks'),
        ('sleep',           'h',     86400,  0, 0, 'hours slept last night'),
        ('sleep-quality',   '0-10',  86400,  0, 0, 'how good the sleep was'),
        ('stress',          '0-10',  43200,  0, 0, 'how stressful'),
        ('exertion',        '0-10',  86400,  0, 0, 'physical exertion, how hard'),
        ('screen',          'h',     43200,  0, 0, 'hours before a screen'),
        ('alcohol',         'g',     86400,  0, 0, 'grams of alcohol; a small beer has about 10'),
        ('fluids',          'ml',    43200,  0, 0, 'drinks'),
        ('fluid-loss',      '0-10',  43200,  0, 0, 'sweating, vomiting, diarrhoea, how much'),
        ('magnesium',       'mg',    86400,  1, 0, 'food or supplement: say which in the note'),
        ('potassium',       'mg',    86400,  1, 0, 'food or supplement: say which in the note'),
        ('calcium',         'mg',    86400,  1, 0, 'food or supplement: say which in the note'),
        ('sodium',          'mg',    86400,  1, 0, 'food or supplement: say which in the note'),
        ('rehydration',     'ml',    43200,  1, 0, 'electrolyte solution, broth'),
        ('illness',         '0-10',  172800, 0, 0, 'infection, how ill'),
        ('fever',           'degC',  172800, 0, 0, 'body temperature'),
        ('medication',      'mg',    86400,  0, 0, 'which one in the note'),
        ('posture',         '',      0,      0, 0, 'lying, sitting, standing'),
        ('relaxation',      'min',   43200,  1, 0, 'breathing, meditation, rest on purpose'),
        ('stretching',      'min',   43200,  1, 0, 'which muscles in the note'),
        ('physio',          'min',   86400,  1, 0, 'physiotherapy, massage'),
        ('graded-activity', 'min',   86400,  1, 0, 'planned activity, raised step by step'),
        ('inactivity',      'h',     43200,  0, 0, 'sitting or lying without moving'),
        ('cramp',           '0-10',  0,      0, 0, 'how painful, where in the note'),
        ('symptom',         '0-10',  0,      0, 0, 'weakness, numbness, pain ..., which in the note'),
        ('note',            '',      0,      0, 0, 'anything');

-- Edits and removals are new rows: when an entry was logged decides what it may be used for.
CREATE TABLE diary (
        id              INTEGER PRIMARY KEY AUTOINCREMENT,
        kind            TEXT NOT NULL REFERENCES kind,
        time_usec       INTEGER NOT NULL,               -- UTC, as the person gave it
        end_usec        INTEGER,                        -- for what lasts
        utc_offset_s    INTEGER NOT NULL,               -- local time minus UTC at time_usec
        amount_milli    INTEGER,                        -- thousandths of the kind's unit
        text            TEXT,
        source          TEXT NOT NULL,                  -- person, import
        logged_usec     INTEGER NOT NULL,               -- UTC, when this row was written
        boot            INTEGER REFERENCES boot,        -- and the same in its boot; NULL when imported
        boottime_usec   INTEGER,
        replaces        INTEGER REFERENCES diary,
        deleted         INTEGER NOT NULL                -- this row says: removed
) STRICT;
CREATE INDEX diary_time ON diary (time_usec);
CREATE INDEX diary_replaces ON diary (replaces) WHERE replaces IS NOT NULL;

-- The diary as it stands.
CREATE VIEW diary_now AS
        SELECT d.* FROM diary d
        WHERE d.deleted = 0 AND NOT EXISTS (SELECT 1 FROM diary r WHERE r.replaces = d.id);

CREATE TABLE felt (
        id              INTEGER PRIMARY KEY AUTOINCREMENT,
        boot            INTEGER REFERENCES boot,        -- NULL when imported
        boottime_usec   INTEGER,
        time_usec       INTEGER NOT NULL,               -- UTC, kept equal to boot + boottime
        utc_offset_s    INTEGER NOT NULL,
        site            TEXT,                           -- NULL: not said
        source          TEXT NOT NULL                   -- person, key, import
) STRICT;
CREATE INDEX felt_time ON felt (time_usec);

-- --- questions, bets and experiments: append-only, so that nothing later can rewrite them -------

-- Asking about a kind, or no longer, is an act with a date. The latest row of a kind holds.
CREATE TABLE question (
        id              INTEGER PRIMARY KEY,
        kind            TEXT NOT NULL REFERENCES kind,
        asked           INTEGER NOT NULL,               -- 1: asked, 0: dropped
        made_usec       INTEGER NOT NULL
) STRICT;

-- One bet each. Sessions by their uuid: a bet stays when its sessions are deleted.
CREATE TABLE pair (
        id              INTEGER PRIMARY KEY,
        kind            TEXT NOT NULL,
        site            TEXT NOT NULL,
        session_exposed TEXT NOT NULL,
        session_other   TEXT NOT NULL,
        floor_nv        INTEGER NOT NULL,               -- the common one
        log_ratio       REAL NOT NULL,                  -- log of rate when exposed / rate otherwise
        log_wealth      REAL NOT NULL,                  -- after this bet
        made_usec       INTEGER NOT NULL
) STRICT;

CREATE TABLE trial (
        id              INTEGER PRIMARY KEY,
        uuid            TEXT NOT NULL UNIQUE,
        kind            TEXT NOT NULL,
        site            TEXT,
        blocks          INTEGER NOT NULL,
        washout_s       INTEGER NOT NULL,
        coins           TEXT NOT NULL,                  -- AB or BA for each block, and salt, as sealed
        seal            TEXT NOT NULL,                  -- SHA-256 of coins, hexadecimal
        made_usec       INTEGER NOT NULL
) STRICT;

CREATE TABLE trial_act (
        id              INTEGER PRIMARY KEY,
        trial           INTEGER NOT NULL REFERENCES trial,
        block           INTEGER NOT NULL,               -- from 1; 0: the trial as a whole
        act             TEXT NOT NULL,                  -- revealed, measured, void, stopped
        arm             TEXT,                           -- A or B
        session         TEXT,                           -- uuid
        why             TEXT,
        made_usec       INTEGER NOT NULL
) STRICT;

CREATE TABLE look (
        id              INTEGER PRIMARY KEY,
        trial           INTEGER NOT NULL REFERENCES trial,
        blocks          INTEGER NOT NULL,               -- used
        p               REAL NOT NULL,
        log_ratio       REAL NOT NULL,
        made_usec       INTEGER NOT NULL
) STRICT;

CREATE TRIGGER question_keep BEFORE UPDATE ON question BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER question_stay BEFORE DELETE ON question BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER pair_keep BEFORE UPDATE ON pair BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER pair_stay BEFORE DELETE ON pair BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER trial_keep BEFORE UPDATE ON trial BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER trial_stay BEFORE DELETE ON trial BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER trial_act_keep BEFORE UPDATE ON trial_act BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER trial_act_stay BEFORE DELETE ON trial_act BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER look_keep BEFORE UPDATE ON look BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER look_stay BEFORE DELETE ON look BEGIN SELECT RAISE(ABORT, 'append-only'); END;

-- --- in UTC, for readers -----------------------------------------------------------------

CREATE VIEW event_utc AS
        SELECT e.*, e.boottime_usec + b.utc_minus_boottime_usec AS time_usec,
               s.utc_offset_s, p.site, p.label
        FROM event e JOIN session s ON s.id = e.session JOIN boot b ON b.id = s.boot
        LEFT JOIN placement p ON p.session = e.session AND p.channel = e.channel;

CREATE VIEW minute_utc AS
        SELECT m.*, m.boottime_usec + b.utc_minus_boottime_usec AS time_usec,
               s.utc_offset_s, p.site, p.label
        FROM minute m JOIN session s ON s.id = m.session JOIN boot b ON b.id = s.boot
        LEFT JOIN placement p ON p.session = m.session AND p.channel = m.channel;
