//! Which of the configured sites a command means, and what to write where there is none.

use super::{Context, Usage};
use crate::config::Site;
use crate::url::CanonicalUrl;

/// The configured sites; at least one.
pub(super) fn configured(context: &Context) -> anyhow::Result<Vec<Site>> {
    let sites = context.loaded.config.resolved_sites()?;
    if sites.is_empty() { Err(none(context, None).into()) } else { Ok(sites) }
}

/// The configured sites of these names; all, when there are no names.
pub(super) fn chosen(context: &Context, names: &[String]) -> anyhow::Result<Vec<Site>> {
    let sites = context.loaded.config.resolved_sites()?;
    if let Some(unknown) = names.iter().find(|name| !sites.iter().any(|site| site.name == **name)) {
        return Err(unknown_site(context, &sites, unknown).into());
    }
    if sites.is_empty() {
        return Err(none(context, None).into());
    }
    Ok(sites.into_iter().filter(|site| names.is_empty() || names.contains(&site.name)).collect())
}

fn unknown_site(context: &Context, sites: &[Site], name: &str) -> Usage {
    let url = CanonicalUrl::parse(name, None).ok();
    if let Some(site) = url.as_ref().and_then(|url| sites.iter().find(|site| site.owns(url))) {
        return Usage(format!(
            "`{name}` is a URL of the site `{0}`: name that, jianbao crawl {0}",
            site.name
        ));
    }
    match url {
        Some(url) if sites.is_empty() => none(context, Some(&url)),
        Some(url) => {
            let site = entry(Some(&url));
            Usage(format!("`{name}` is a URL, and of no configured site; add one to crawl.toml:\n\n{site}"))
        }
        None if sites.is_empty() => none(context, None),
        None => {
            let known: Vec<&str> = sites.iter().map(|site| site.name.as_str()).collect();
            Usage(format!("there is no site `{name}`; configured are: {}", known.join(", ")))
        }
    }
}

/// That no site is configured, and what to write, with the URL that somebody asked for.
fn none(context: &Context, url: Option<&CanonicalUrl>) -> Usage {
    let site = entry(url);
    let contact = "[identity]\ncontact = \"you@example.org\"   # whom a site's owner can ask";
    match &context.loaded.file {
        Some(file) => {
            Usage(format!("no site is configured: add one to `{}`, such as\n\n{site}", file.display()))
        }
        None => Usage(format!(
            "there is no crawl.toml in this folder, and so no site is configured; all it needs is\n\n{contact}\n\n{site}"
        )),
    }
}

/// The lines of a site.
fn entry(url: Option<&CanonicalUrl>) -> String {
    let name = url.map_or("example", |url| url.host().trim_start_matches("www."));
    let seed = url.map_or("https://www.example.com/", CanonicalUrl::as_str);
    format!("[[site]]\nname = \"{name}\"\nseeds = [\"{seed}\"]")
}
