-- Version 2.

ALTER TABLE url ADD COLUMN copies INTEGER NOT NULL DEFAULT 0;   -- pages in a row that led here and say what another page says
ALTER TABLE url ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;  -- processes in a row that ended while its page was examined
CREATE INDEX url_crashes ON url (site) WHERE crashes > 0;

-- A URL may also be another name of an article since it shows the same as the page that leads to it.
CREATE TABLE alias_of_version_2 (
    url       INTEGER PRIMARY KEY REFERENCES url,
    target    INTEGER NOT NULL REFERENCES url,
    proof     TEXT NOT NULL CHECK (proof IN ('canonical', 'redirect', 'equal_text')),
    proved_at INTEGER NOT NULL
) STRICT;
INSERT INTO alias_of_version_2 SELECT url, target, proof, proved_at FROM alias;
DROP TABLE alias;
ALTER TABLE alias_of_version_2 RENAME TO alias;

-- Which articles were read from a damaged answer.
DROP VIEW articles;
CREATE VIEW articles AS
SELECT a.id, s.key AS site, u.url, a.title, a.author, a.source, a.editor, a.category, a.tags, a.language, a.views,
       a.published, a.published_precision, a.published_approximate, a.modified, t.text AS body,
       coalesce(t.markdown, replace(t.text, char(10), char(10) || char(10))) AS markdown,
       strftime('%Y-%m-%dT%H:%M:%SZ', a.first_seen / 1000.0, 'unixepoch') AS first_seen,
       strftime('%Y-%m-%dT%H:%M:%SZ', a.last_seen / 1000.0, 'unixepoch') AS last_seen,
       strftime('%Y-%m-%dT%H:%M:%SZ', a.gone_since / 1000.0, 'unixepoch') AS gone_since,
       a.version_count AS versions, a.cluster,
       (SELECT c.damage FROM version v JOIN version_capture x ON x.version = v.id AND x.role = 'page' JOIN capture c ON c.id = x.capture
        WHERE v.article = a.id AND v.n = a.version_count) AS damage
FROM article a JOIN site s ON s.id = a.site JOIN url u ON u.id = a.url JOIN text t ON t.digest = a.text_digest;

-- What damage is known by: docs/archive.md, "Damage".
-- 64 bits of the BLAKE3 digest of the row's other columns. Our writer keeps them up to date by triggers of its own
-- connection; NULL in a row that another program inserted.
ALTER TABLE site ADD COLUMN seal INTEGER;
ALTER TABLE host ADD COLUMN seal INTEGER;
ALTER TABLE url ADD COLUMN seal INTEGER;
ALTER TABLE missing_text ADD COLUMN seal INTEGER;
ALTER TABLE discovery ADD COLUMN seal INTEGER;
ALTER TABLE alias ADD COLUMN seal INTEGER;
ALTER TABLE run ADD COLUMN seal INTEGER;
ALTER TABLE capture ADD COLUMN seal INTEGER;
ALTER TABLE dictionary ADD COLUMN seal INTEGER;
ALTER TABLE profile_revision ADD COLUMN seal INTEGER;
ALTER TABLE text ADD COLUMN seal INTEGER;
ALTER TABLE article ADD COLUMN seal INTEGER;
ALTER TABLE version ADD COLUMN seal INTEGER;
ALTER TABLE version_capture ADD COLUMN seal INTEGER;
ALTER TABLE link ADD COLUMN seal INTEGER;
ALTER TABLE image ADD COLUMN seal INTEGER;
ALTER TABLE article_meta ADD COLUMN seal INTEGER;
ALTER TABLE dup_edge ADD COLUMN seal INTEGER;

-- JSON: what a version was read with besides its pages and its profile; NULL when that was not kept.
ALTER TABLE version ADD COLUMN basis TEXT;

-- A chain: each run's digest covers its report, the captures it made, and the digest of the run before.
ALTER TABLE run ADD COLUMN digest BLOB;
ALTER TABLE run ADD COLUMN previous BLOB;

-- The same as before for every SQLite from 3.40 on, which knows no outer table in the ORDER BY of a subquery.
DROP VIEW clusters;
CREATE VIEW clusters AS
SELECT a.cluster, a.id AS article, s.key AS site, u.url, a.title, a.published,
       strftime('%Y-%m-%dT%H:%M:%SZ', a.first_seen / 1000.0, 'unixepoch') AS first_seen, a.id = a.cluster AS is_first,
       round((a.published_from - f.published_from) / 86400.0, 3) AS days_after,
       e.source, e.relation, round(e.of_article, 3) AS of_article, round(e.of_source, 3) AS of_source
FROM article a JOIN article f ON f.id = a.cluster JOIN site s ON s.id = a.site JOIN url u ON u.id = a.url
LEFT JOIN dup_edge e ON e.article = a.id AND e.source = (
    SELECT d.source FROM dup_edge d JOIN article l ON l.id = d.article
    WHERE d.article = a.id AND d.relation <> 'same_template'
    ORDER BY round(d.of_article, 2) DESC, round(d.of_source, 2) DESC, d.source = l.cluster DESC, d.source LIMIT 1);
