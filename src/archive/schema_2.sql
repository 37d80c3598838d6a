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
