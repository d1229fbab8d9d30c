-- The tables of a new library: what the migrations make, at once. A blank line stands between two
-- statements. Whoever adds a migration changes this too; a test compares the two.
CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

INSERT INTO alembic_version VALUES ('0003');

CREATE TABLE meta (
    name VARCHAR NOT NULL,
    value VARCHAR NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE project (
    id INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    created FLOAT NOT NULL,
    archived BOOLEAN DEFAULT 0 NOT NULL,
    recipe VARCHAR,
    position INTEGER DEFAULT 0 NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (name)
);

CREATE TABLE asset (
    id INTEGER NOT NULL,
    path BLOB NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (path)
);

CREATE TABLE file_hash (
    inode BIGINT NOT NULL,
    device BIGINT NOT NULL,
    size BIGINT NOT NULL,
    mtime_ns BIGINT NOT NULL,
    ctime_ns BIGINT NOT NULL,
    sha256 VARCHAR NOT NULL,
    PRIMARY KEY (inode, device)
);

CREATE TABLE job (
    id INTEGER NOT NULL,
    project_id INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    recipe VARCHAR NOT NULL,
    strengths VARCHAR NOT NULL,
    origin VARCHAR NOT NULL,
    signature VARCHAR NOT NULL,
    numerics VARCHAR,
    again BOOLEAN NOT NULL,
    paused BOOLEAN NOT NULL,
    canceled BOOLEAN NOT NULL,
    stop_reason VARCHAR,
    stop_message VARCHAR NOT NULL,
    stop_hint VARCHAR NOT NULL,
    ignored INTEGER NOT NULL,
    created FLOAT NOT NULL,
    position INTEGER DEFAULT 0 NOT NULL,
    hidden BOOLEAN DEFAULT 0 NOT NULL,
    review BOOLEAN DEFAULT 0 NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(project_id) REFERENCES project (id)
);

CREATE INDEX ix_job_signature ON job (signature);

CREATE TABLE item (
    id INTEGER NOT NULL,
    job_id INTEGER NOT NULL,
    asset_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    strength FLOAT,
    seed INTEGER,
    root BLOB,
    folder BLOB,
    name BLOB,
    name_key VARCHAR,
    status VARCHAR NOT NULL
        CHECK (status IN ('pending', 'running', 'staged', 'done', 'already_done', 'left_out',
            'failed', 'quarantined', 'canceled')),
    attempt INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    crashes INTEGER NOT NULL,
    alone BOOLEAN NOT NULL,
    announced BOOLEAN NOT NULL,
    run VARCHAR,
    "temp" BLOB,
    final BLOB,
    staged_sha256 VARCHAR,
    staged_size BIGINT,
    replaces VARCHAR,
    result_key VARCHAR,
    source_sha256 VARCHAR,
    output BLOB,
    reason VARCHAR,
    message VARCHAR NOT NULL,
    hint VARCHAR NOT NULL,
    note VARCHAR NOT NULL,
    unchanged BOOLEAN NOT NULL,
    facts VARCHAR,
    seconds FLOAT NOT NULL,
    held_for BLOB,
    PRIMARY KEY (id),
    FOREIGN KEY(job_id) REFERENCES job (id),
    FOREIGN KEY(asset_id) REFERENCES asset (id)
);

CREATE UNIQUE INDEX item_source ON item (job_id, asset_id, ifnull(strength, -1));

CREATE INDEX item_totals ON item (job_id, status);

CREATE INDEX item_waiting ON item (job_id, alone, position) WHERE status = 'pending';

CREATE INDEX item_claimed ON item (job_id) WHERE status IN ('running', 'staged');

CREATE INDEX item_planned ON item (folder, name_key)
    WHERE status IN ('pending', 'running', 'staged');

CREATE TABLE result (
    id INTEGER NOT NULL,
    asset_id INTEGER NOT NULL,
    folder BLOB NOT NULL,
    name BLOB NOT NULL,
    name_key VARCHAR NOT NULL,
    result_key VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL,
    source_sha256 VARCHAR NOT NULL,
    device BIGINT NOT NULL,
    inode BIGINT NOT NULL,
    size BIGINT NOT NULL,
    mtime_ns BIGINT NOT NULL,
    ctime_ns BIGINT NOT NULL,
    unchanged BOOLEAN NOT NULL,
    facts VARCHAR,
    created FLOAT NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT result_name UNIQUE (folder, name_key),
    FOREIGN KEY(asset_id) REFERENCES asset (id)
);

CREATE INDEX ix_result_asset_id ON result (asset_id);

CREATE INDEX ix_result_result_key ON result (result_key);

CREATE INDEX item_asset ON item (asset_id);

CREATE TRIGGER item_arrow BEFORE UPDATE OF status ON item
    WHEN OLD.status <> NEW.status AND NOT (
        (OLD.status = 'pending'
            AND NEW.status IN ('running', 'already_done', 'left_out', 'failed', 'canceled'))
        OR (OLD.status = 'running'
            AND NEW.status IN ('staged', 'already_done', 'left_out', 'failed', 'quarantined',
                'canceled', 'pending'))
        OR (OLD.status = 'staged'
            AND NEW.status IN ('done', 'left_out', 'failed', 'canceled', 'pending'))
        OR (OLD.status = 'done' AND NEW.status IN ('pending'))
        OR (OLD.status = 'already_done' AND NEW.status IN ('pending'))
        OR (OLD.status = 'left_out' AND NEW.status IN ('pending'))
        OR (OLD.status = 'failed' AND NEW.status IN ('pending'))
        OR (OLD.status = 'quarantined' AND NEW.status IN ('pending'))
        OR (OLD.status = 'canceled' AND NEW.status IN ('pending'))
    )
BEGIN
    SELECT RAISE(ABORT, 'no such change of status');
END;

CREATE TABLE photo (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL,
    asset_id INTEGER NOT NULL,
    base BLOB,
    added FLOAT NOT NULL,
    removed BOOLEAN NOT NULL,
    name_order VARCHAR NOT NULL,
    searched VARCHAR NOT NULL,
    rating INTEGER NOT NULL,
    decision VARCHAR NOT NULL,
    recipe VARCHAR,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    bytes BIGINT NOT NULL,
    modified_ns BIGINT NOT NULL,
    missing BOOLEAN NOT NULL,
    looked FLOAT NOT NULL,
    last_item INTEGER,
    CONSTRAINT photo_once UNIQUE (asset_id, project_id),
    FOREIGN KEY(project_id) REFERENCES project (id),
    FOREIGN KEY(asset_id) REFERENCES asset (id),
    FOREIGN KEY(last_item) REFERENCES item (id) ON DELETE SET NULL
);

CREATE INDEX photo_order ON photo (project_id, removed, name_order);

CREATE INDEX photo_looked ON photo (project_id, removed, looked);

CREATE INDEX photo_item ON photo (last_item);

CREATE TABLE version (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    asset_id INTEGER NOT NULL,
    file VARCHAR NOT NULL,
    folder BLOB NOT NULL,
    name BLOB NOT NULL,
    result_key VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL,
    source_sha256 VARCHAR NOT NULL,
    unchanged BOOLEAN NOT NULL,
    facts VARCHAR,
    note VARCHAR NOT NULL,
    recipe VARCHAR NOT NULL,
    created FLOAT NOT NULL,
    coming_back BOOLEAN NOT NULL,
    FOREIGN KEY(asset_id) REFERENCES asset (id)
);

CREATE INDEX ix_version_asset_id ON version (asset_id);

CREATE TABLE watch_rule (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    folder BLOB NOT NULL,
    settings VARCHAR NOT NULL,
    paused BOOLEAN NOT NULL,
    job_id INTEGER,
    state VARCHAR NOT NULL,
    message VARCHAR NOT NULL,
    hint VARCHAR NOT NULL,
    scanned FLOAT,
    created FLOAT NOT NULL,
    FOREIGN KEY(job_id) REFERENCES job (id) ON DELETE SET NULL
);

CREATE INDEX watch_rule_job ON watch_rule (job_id);

CREATE TABLE watch_file (
    rule_id INTEGER NOT NULL,
    path BLOB NOT NULL,
    device BIGINT NOT NULL,
    inode BIGINT NOT NULL,
    size BIGINT NOT NULL,
    mtime_ns BIGINT NOT NULL,
    ctime_ns BIGINT NOT NULL,
    sha256 VARCHAR,
    kind VARCHAR NOT NULL,
    noted FLOAT NOT NULL,
    gone FLOAT,
    PRIMARY KEY (rule_id, path),
    FOREIGN KEY(rule_id) REFERENCES watch_rule (id) ON DELETE CASCADE
);

CREATE INDEX watch_file_inode ON watch_file (rule_id, inode);

CREATE INDEX result_bytes ON result (sha256);
