-- Version 1. Times are UTC milliseconds unless a column says otherwise.

CREATE TABLE site (
    id       INTEGER PRIMARY KEY,
    key      TEXT NOT NULL UNIQUE,
    home     TEXT NOT NULL,
    profile  TEXT,
    layout   BLOB,                          -- digest of the profile's text in the last run
    added_at INTEGER NOT NULL,
    runs     INTEGER NOT NULL DEFAULT 0,    -- begun, chains of continued runs counted once
    lost     INTEGER NOT NULL DEFAULT 0,    -- looks at known articles, the last in a row, that showed no article
    learned  TEXT NOT NULL DEFAULT '',      -- TOML: what its posts end with that is none of theirs
    cut_to   INTEGER                        -- while that is cut from its articles: the last one that was looked at
) STRICT;

-- Politeness survives the process here.
CREATE TABLE host (
    id            INTEGER PRIMARY KEY,
    site          INTEGER NOT NULL REFERENCES site,
    key           TEXT NOT NULL UNIQUE,     -- scheme, name and port
    robots        BLOB,                     -- the file as sent; NULL when it was not read
    robots_status INTEGER,                  -- HTTP status; 0 when unreachable
    robots_at     INTEGER,
    not_before    INTEGER,
    latency       INTEGER,                  -- milliseconds, smoothed
    failures      INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE url (
    id            INTEGER PRIMARY KEY,
    site          INTEGER NOT NULL REFERENCES site,
    host          INTEGER NOT NULL REFERENCES host,
    url           TEXT NOT NULL,
    key           BLOB NOT NULL UNIQUE,     -- 128 bits over the canonical form
    kind          TEXT NOT NULL CHECK (kind IN ('post', 'list', 'feed', 'sitemap', 'api', 'other')),
    state         TEXT NOT NULL CHECK (state IN ('queued', 'done', 'excluded', 'given_up')),
    depth         INTEGER NOT NULL,
    hops          INTEGER NOT NULL DEFAULT 0,   -- redirects that led here
    rank          INTEGER NOT NULL,
    due_at        INTEGER,                  -- NULL = never
    wait          INTEGER,                  -- seconds between the last two looks planned
    discovered_at INTEGER NOT NULL,
    fetched_at    INTEGER,
    etag          TEXT,
    last_modified TEXT,
    status        INTEGER,                  -- of the last answer
    outcome       TEXT,                     -- of the last look
    failures      INTEGER NOT NULL DEFAULT 0,
    looks         INTEGER NOT NULL DEFAULT 0,
    suspected_at  INTEGER,                  -- of an article: the first look in a row that missed it …
    suspicions    INTEGER NOT NULL DEFAULT 0,   -- … and how many there were
    entry         TEXT,                     -- JSON: what a feed, an API or a news sitemap says of the article
    entry_body    TEXT,                     -- HTML of its text there; NULL once the page has shown a text
    lastmod       INTEGER,                  -- of a sitemap: when its index says that it changed
    redirects_to  INTEGER REFERENCES url,
    claims        INTEGER REFERENCES url,   -- what rel=canonical names, unproved
    article       INTEGER REFERENCES article
) STRICT;
CREATE INDEX url_queue ON url (site, rank, id, due_at) WHERE state = 'queued';
CREATE INDEX url_due ON url (site, due_at) WHERE state = 'done' AND due_at IS NOT NULL;
CREATE INDEX url_lists ON url (site) WHERE kind IN ('list', 'feed', 'sitemap', 'api');
CREATE INDEX url_excluded ON url (host) WHERE state = 'excluded';
CREATE INDEX url_suspected ON url (site) WHERE suspected_at IS NOT NULL;
CREATE INDEX url_claims ON url (claims) WHERE claims IS NOT NULL;
CREATE INDEX url_article ON url (article) WHERE article IS NOT NULL;
CREATE INDEX url_redirects ON url (redirects_to) WHERE redirects_to IS NOT NULL;

-- What a site says where nothing stands: digests of the texts of its 404 pages.
CREATE TABLE missing_text (
    site   INTEGER NOT NULL REFERENCES site,
    digest BLOB NOT NULL,
    PRIMARY KEY (site, digest)
) STRICT, WITHOUT ROWID;

-- Every way a URL was found.
CREATE TABLE discovery (
    url        INTEGER NOT NULL REFERENCES url,
    route      TEXT NOT NULL,
    source     INTEGER REFERENCES url,      -- the page it was first found on
    first_seen INTEGER NOT NULL,
    last_seen  INTEGER NOT NULL,
    PRIMARY KEY (url, route)
) STRICT, WITHOUT ROWID;

CREATE TABLE alias (
    url       INTEGER PRIMARY KEY REFERENCES url,
    target    INTEGER NOT NULL REFERENCES url,
    proof     TEXT NOT NULL CHECK (proof IN ('canonical', 'redirect')),
    proved_at INTEGER NOT NULL
) STRICT;

CREATE TABLE run (
    id          INTEGER PRIMARY KEY,
    started     INTEGER NOT NULL,
    finished    INTEGER,
    chain_start INTEGER NOT NULL,           -- start of the run that this one continues
    full        INTEGER NOT NULL,           -- 1 = every article was due
    outcome     TEXT,                       -- NULL while it runs, or when it was killed
    report      TEXT                        -- JSON
) STRICT;

CREATE TABLE capture (
    id               INTEGER PRIMARY KEY,
    url              INTEGER NOT NULL REFERENCES url,
    run              INTEGER NOT NULL REFERENCES run,
    fetched_at       INTEGER NOT NULL,
    status           INTEGER NOT NULL,
    http_version     TEXT NOT NULL,
    ip               TEXT,
    request_headers  TEXT NOT NULL,
    headers          TEXT NOT NULL,         -- one `name: value` a line
    content_encoding TEXT,
    wire_length      INTEGER NOT NULL,
    wire_digest      BLOB NOT NULL,         -- BLAKE3 of the body as sent
    digest           BLOB NOT NULL,         -- BLAKE3 of the decoded body
    elapsed_ms       INTEGER NOT NULL,
    outcome          TEXT NOT NULL,
    damage           TEXT
) STRICT;
CREATE INDEX capture_url ON capture (url);

-- One copy of equal bytes, compressed with zstd.
CREATE TABLE body (
    digest     BLOB PRIMARY KEY,
    dictionary INTEGER REFERENCES dictionary,
    length     INTEGER NOT NULL,            -- of the bytes, uncompressed
    bytes      BLOB NOT NULL
) STRICT;

-- Never changed or dropped once used.
CREATE TABLE dictionary (
    id    INTEGER PRIMARY KEY,
    site  INTEGER NOT NULL REFERENCES site,
    bytes BLOB NOT NULL
) STRICT;

CREATE TABLE profile_revision (
    id        INTEGER PRIMARY KEY,
    profile   TEXT NOT NULL,                -- empty for the generic rules
    toml      TEXT NOT NULL,
    extractor TEXT NOT NULL,                -- version of the program
    UNIQUE (profile, toml, extractor)
) STRICT;

CREATE TABLE text (
    digest   BLOB PRIMARY KEY,              -- BLAKE3 of the text
    text     TEXT NOT NULL,
    markdown TEXT                           -- NULL: the text with blank lines between paragraphs
) STRICT;

CREATE TABLE article (
    id                    INTEGER PRIMARY KEY,
    site                  INTEGER NOT NULL REFERENCES site,
    url                   INTEGER NOT NULL REFERENCES url,
    cluster               INTEGER,          -- the earliest of the articles that stem from one another, when there are several
    title                 TEXT NOT NULL,
    author                TEXT,
    source                TEXT,
    editor                TEXT,
    category              TEXT,
    tags                  TEXT NOT NULL,    -- JSON array
    breadcrumbs           TEXT NOT NULL,    -- JSON array
    permalink             TEXT,
    site_name             TEXT,
    language              TEXT,
    views                 INTEGER,
    published             TEXT,             -- ISO 8601, only as precise as known
    published_precision   TEXT,
    published_approximate INTEGER,
    published_from        INTEGER,          -- UTC seconds
    published_to          INTEGER,          -- UTC seconds
    modified              TEXT,
    text_digest           BLOB NOT NULL REFERENCES text,
    first_seen            INTEGER NOT NULL,
    last_seen             INTEGER NOT NULL,
    gone_since            INTEGER,
    version_count         INTEGER NOT NULL
) STRICT;
CREATE INDEX article_site ON article (site);
CREATE INDEX article_text ON article (text_digest);
CREATE INDEX article_published ON article (published_from);
CREATE INDEX article_cluster ON article (cluster) WHERE cluster IS NOT NULL;

CREATE TABLE version (
    id               INTEGER PRIMARY KEY,
    article          INTEGER NOT NULL REFERENCES article,
    n                INTEGER NOT NULL,
    seen_at          INTEGER NOT NULL,
    reason           TEXT NOT NULL CHECK (reason IN ('published', 'edited', 'reextracted', 'sharpened')),
    text_digest      BLOB NOT NULL REFERENCES text,
    fields           TEXT NOT NULL,         -- JSON
    origins          TEXT NOT NULL,         -- JSON: field → where its value came from
    profile_revision INTEGER NOT NULL REFERENCES profile_revision,
    UNIQUE (article, n)
) STRICT;
CREATE INDEX version_text ON version (text_digest);

CREATE TABLE version_capture (
    version INTEGER NOT NULL REFERENCES version,
    capture INTEGER NOT NULL REFERENCES capture,
    role    TEXT NOT NULL,
    PRIMARY KEY (version, capture)
) STRICT, WITHOUT ROWID;

-- Related links accumulate: a page shows a few of them at each request.
CREATE TABLE link (
    article    INTEGER NOT NULL REFERENCES article,
    target     TEXT NOT NULL,           -- absolute URL
    target_url INTEGER REFERENCES url,  -- when it belongs to the site
    position   INTEGER NOT NULL,
    title      TEXT NOT NULL,
    excerpt    TEXT,
    kind       TEXT NOT NULL CHECK (kind IN ('related', 'outlink')),
    first_seen INTEGER NOT NULL,
    last_seen  INTEGER NOT NULL,
    PRIMARY KEY (article, target)
) STRICT, WITHOUT ROWID;

CREATE TABLE image (
    article  INTEGER NOT NULL REFERENCES article,
    position INTEGER NOT NULL,
    url      TEXT NOT NULL,
    alt      TEXT,
    caption  TEXT,
    PRIMARY KEY (article, position)
) STRICT, WITHOUT ROWID;

-- Search: docs/search.md. An article whose current version the index does not have yet is pending.
CREATE TABLE pending_index (
    article INTEGER PRIMARY KEY REFERENCES article
) STRICT;
CREATE TRIGGER article_inserted AFTER INSERT ON article BEGIN
    INSERT OR IGNORE INTO pending_index VALUES (new.id);
END;
CREATE TRIGGER article_updated AFTER UPDATE OF version_count, text_digest, published_from ON article
WHEN new.version_count <> old.version_count OR new.text_digest <> old.text_digest
    OR new.published_from IS NOT old.published_from BEGIN
    INSERT OR IGNORE INTO pending_index VALUES (new.id);
END;

-- What is indexed, narrow: filters, facets and trends read it.
CREATE TABLE article_meta (
    id        INTEGER PRIMARY KEY REFERENCES article,
    version   INTEGER NOT NULL REFERENCES version,  -- the one that is indexed
    site      INTEGER NOT NULL REFERENCES site,
    day       INTEGER NOT NULL,         -- of publication: 20230227, 20230200 or 20230000, 0 when unknown
    published INTEGER NOT NULL,         -- UTC seconds of published_from; 0 when unknown
    category  TEXT,
    author    TEXT,
    shingles  INTEGER NOT NULL DEFAULT 0 -- different ones of the text
) STRICT;
CREATE INDEX article_meta_published ON article_meta (published);
CREATE TABLE month_total (
    month INTEGER PRIMARY KEY,          -- 202302
    n     INTEGER NOT NULL              -- articles in article_meta
) STRICT;

-- Which indexed articles stem from one another. A sketch is a few of a text's shingles.
CREATE TABLE sketch (
    hash    INTEGER NOT NULL,
    article INTEGER NOT NULL REFERENCES article,
    PRIMARY KEY (hash, article)
) STRICT, WITHOUT ROWID;
CREATE TABLE dup_edge (
    article    INTEGER NOT NULL REFERENCES article,     -- the later one
    source     INTEGER NOT NULL REFERENCES article,     -- the earlier one
    relation   TEXT NOT NULL CHECK (relation IN ('copy', 'excerpt', 'extended', 'rewritten', 'same_template')),
    of_article REAL NOT NULL,           -- share of the later one that stands in the earlier one, in rows of 20 characters
    of_source  REAL NOT NULL,           -- share of the earlier one that stands in the later one
    PRIMARY KEY (article, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX dup_edge_source ON dup_edge (source);

-- The tables that fold characters, so that any client can do it, and which revision of them was used.
CREATE TABLE fold_map (
    f TEXT PRIMARY KEY,
    t TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE char_kind (
    first INTEGER PRIMARY KEY,          -- code point; up to the next row's
    kind  TEXT NOT NULL CHECK (kind IN ('word', 'spread', 'break'))
) STRICT;
CREATE TABLE fold_revision (
    revision TEXT NOT NULL
) STRICT;

-- What is indexed of an article, and its tokens, computed.
CREATE VIEW article_part AS
SELECT m.id, 'body' AS part, t.text FROM article_meta m JOIN version v ON v.id = m.version JOIN text t ON t.digest = v.text_digest
UNION ALL
SELECT m.id, 'title', json_extract(v.fields, '$.title') FROM article_meta m JOIN version v ON v.id = m.version;

CREATE VIEW article_tokens AS
SELECT id, part, (
    WITH RECURSIVE
    place (j) AS (SELECT 1 UNION ALL SELECT j + 1 FROM place WHERE j < 500),
    chunk (k, piece) AS (SELECT 0, substr(p.text, 1, 500) UNION ALL
        SELECT k + 500, substr(p.text, k + 501, 500) FROM chunk WHERE length(piece) = 500),
    written (i, c) AS (SELECT k + j, substr(piece, j, 1) FROM chunk JOIN place ON j <= length(piece)),
    folded (i, c) AS (SELECT i, coalesce((SELECT t FROM fold_map WHERE f = c), c) FROM written),
    kept (i, c, kind) AS (SELECT i, c, kind FROM (SELECT i, c,
        (SELECT kind FROM char_kind WHERE first <= unicode(c) ORDER BY first DESC LIMIT 1) AS kind FROM folded)
        WHERE kind <> 'break'),
    counted (i, c, kind, unit) AS (SELECT i, c, kind, sum(starts) OVER (ORDER BY i) FROM (SELECT i, c, kind,
        kind = 'spread' OR lag(kind, 1, '') OVER w <> 'word' OR lag(i) OVER w < i - 1 AS starts
        FROM kept WINDOW w AS (ORDER BY i))),
    unit (n, first, last, kind, text) AS (SELECT DISTINCT unit, min(i) OVER w, max(i) OVER w, kind, group_concat(c, '') OVER w
        FROM counted WINDOW w AS (PARTITION BY unit ORDER BY i ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)),
    token (n, text) AS (SELECT n, CASE WHEN lead(first) OVER w > last + 1 OR lead(first) OVER w IS NULL THEN text
        ELSE iif(kind = 'word', text || ' ', '') || text || lead(text) OVER w END FROM unit WINDOW w AS (ORDER BY n))
    SELECT group_concat(text, ' ') OVER (ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    FROM token LIMIT 1) AS tokens
FROM article_part p;

-- The content of article_fts for `rebuild` and `integrity-check`.
CREATE VIEW article_seg AS
SELECT m.id, (SELECT tokens FROM article_tokens WHERE id = m.id AND part = 'body') AS body,
       (SELECT tokens FROM article_tokens WHERE id = m.id AND part = 'title') AS title
FROM article_meta m;

CREATE VIRTUAL TABLE article_fts USING fts5 (
    body, title, content = 'article_seg', content_rowid = 'id', tokenize = 'ascii'
);
INSERT INTO article_fts (article_fts, rank) VALUES ('rank', 'bm25(1.0, 5.0)');
-- Larger pieces, merged less often, are a third less work: a run merges what it leaves at its end. The first is in
-- bytes of memory.
INSERT INTO article_fts (article_fts, rank) VALUES ('hashsize', 8000000);
INSERT INTO article_fts (article_fts, rank) VALUES ('automerge', 16);

-- Which spread characters an article holds, for queries of a single one: most articles hold it.
CREATE VIEW article_char_seg AS
SELECT id, (
    WITH RECURSIVE
    place (j) AS (SELECT 1 UNION ALL SELECT j + 1 FROM place WHERE j < 500),
    chunk (k, piece) AS (SELECT 0, substr(whole, 1, 500) UNION ALL
        SELECT k + 500, substr(whole, k + 501, 500) FROM chunk WHERE length(piece) = 500),
    folded (c) AS (SELECT DISTINCT coalesce((SELECT t FROM fold_map WHERE f = c), c)
        FROM (SELECT DISTINCT substr(piece, j, 1) AS c FROM chunk JOIN place ON j <= length(piece)))
    SELECT group_concat(c, ' ') FROM folded
    WHERE (SELECT kind FROM char_kind WHERE first <= unicode(c) ORDER BY first DESC LIMIT 1) = 'spread'
) AS characters
FROM (SELECT m.id, (SELECT text FROM article_part WHERE id = m.id AND part = 'title') || char(10)
    || (SELECT text FROM article_part WHERE id = m.id AND part = 'body') AS whole FROM article_meta m);

CREATE VIRTUAL TABLE article_char USING fts5 (
    characters, content = 'article_char_seg', content_rowid = 'id', tokenize = 'ascii', detail = 'none', columnsize = 0
);

CREATE VIEW articles AS
SELECT a.id, s.key AS site, u.url, a.title, a.author, a.source, a.editor, a.category, a.tags, a.language, a.views,
       a.published, a.published_precision, a.published_approximate, a.modified, t.text AS body,
       coalesce(t.markdown, replace(t.text, char(10), char(10) || char(10))) AS markdown,
       strftime('%Y-%m-%dT%H:%M:%SZ', a.first_seen / 1000.0, 'unixepoch') AS first_seen,
       strftime('%Y-%m-%dT%H:%M:%SZ', a.last_seen / 1000.0, 'unixepoch') AS last_seen,
       strftime('%Y-%m-%dT%H:%M:%SZ', a.gone_since / 1000.0, 'unixepoch') AS gone_since,
       a.version_count AS versions, a.cluster
FROM article a JOIN site s ON s.id = a.site JOIN url u ON u.id = a.url JOIN text t ON t.digest = a.text_digest;

CREATE VIEW article_versions AS
SELECT v.article, v.n, u.url, strftime('%Y-%m-%dT%H:%M:%SZ', v.seen_at / 1000.0, 'unixepoch') AS seen_at, v.reason,
       json_extract(v.fields, '$.title') AS title, t.text AS body, v.fields, v.origins
FROM version v JOIN article a ON a.id = v.article JOIN url u ON u.id = a.url JOIN text t ON t.digest = v.text_digest;

CREATE VIEW related_links AS
SELECT l.article, u.url, l.position, l.target, l.title, l.excerpt, t.article AS target_article
FROM link l JOIN article a ON a.id = l.article JOIN url u ON u.id = a.url LEFT JOIN url t ON t.id = l.target_url
WHERE l.kind = 'related';

CREATE VIEW gone_articles AS
SELECT a.id, s.key AS site, u.url, a.title, a.author, a.published,
       strftime('%Y-%m-%dT%H:%M:%SZ', a.last_seen / 1000.0, 'unixepoch') AS last_seen,
       strftime('%Y-%m-%dT%H:%M:%SZ', a.gone_since / 1000.0, 'unixepoch') AS gone_since,
       u.suspicions AS looks, u.outcome, u.status
FROM article a JOIN site s ON s.id = a.site JOIN url u ON u.id = a.url
WHERE a.gone_since IS NOT NULL;

-- Articles that stem from one another, each with the one it has most of.
CREATE VIEW clusters AS
SELECT a.cluster, a.id AS article, s.key AS site, u.url, a.title, a.published,
       strftime('%Y-%m-%dT%H:%M:%SZ', a.first_seen / 1000.0, 'unixepoch') AS first_seen, a.id = a.cluster AS is_first,
       round((a.published_from - f.published_from) / 86400.0, 3) AS days_after,
       e.source, e.relation, round(e.of_article, 3) AS of_article, round(e.of_source, 3) AS of_source
FROM article a JOIN article f ON f.id = a.cluster JOIN site s ON s.id = a.site JOIN url u ON u.id = a.url
LEFT JOIN dup_edge e ON e.article = a.id AND e.source = (
    SELECT source FROM dup_edge WHERE article = a.id AND relation <> 'same_template'
    ORDER BY round(of_article, 2) DESC, round(of_source, 2) DESC, source = a.cluster DESC, source LIMIT 1);

-- Which routes found the articles of a month and section. An article's other names count for it.
CREATE VIEW coverage AS
SELECT s.key AS site, CASE WHEN length(a.published) >= 7 THEN substr(a.published, 1, 7) END AS month,
       a.category AS section, count(*) AS articles, CAST(total(r.list) AS INTEGER) AS by_list, CAST(total(r.feed) AS INTEGER) AS by_feed,
       CAST(total(r.sitemap) AS INTEGER) AS by_sitemap, CAST(total(r.id) AS INTEGER) AS by_id, CAST(total(r.related) AS INTEGER) AS by_related,
       CAST(total(r.api) AS INTEGER) AS by_api, CAST(total(r.import) AS INTEGER) AS by_import,
       CAST(total(r.routes = 1) AS INTEGER) AS by_one_route
FROM article a JOIN site s ON s.id = a.site LEFT JOIN (
    SELECT u.article, max(d.route = 'list') AS list, max(d.route = 'feed') AS feed, max(d.route = 'sitemap') AS sitemap,
           max(d.route = 'id') AS id, max(d.route = 'related') AS related, max(d.route = 'api') AS api,
           max(d.route = 'import') AS import,
           count(DISTINCT d.route) FILTER (WHERE d.route IN ('list', 'feed', 'sitemap', 'id', 'related', 'api', 'import')) AS routes
    FROM url u JOIN discovery d ON d.url = u.id WHERE u.article IS NOT NULL GROUP BY u.article) r ON r.article = a.id
GROUP BY site, month, section;

CREATE VIEW runs AS
SELECT id, strftime('%Y-%m-%dT%H:%M:%SZ', started / 1000.0, 'unixepoch') AS started,
       strftime('%Y-%m-%dT%H:%M:%SZ', finished / 1000.0, 'unixepoch') AS finished, outcome, report
FROM run;
