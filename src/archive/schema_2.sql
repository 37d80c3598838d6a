-- Version 2: what damage is known by. docs/archive.md, "Damage".

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
