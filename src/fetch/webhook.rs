//! Telling a URL of the configuration something: the one request that is no GET.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;

use super::http::{build, innermost};

/// Why a webhook was not told.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// No answer.
    #[error("the webhook could not be told: {0}")]
    Unreachable(String),
    /// An answer other than 2xx.
    #[error("the webhook answered {0}")]
    Refused(u16),
}

/// Posts a JSON text. The URL is the configuration's own, so any address will do; redirects are not
/// followed, and `timeout` is for all of it.
pub async fn post_json(url: &str, json: String, timeout: Duration) -> Result<(), WebhookError> {
    let failed = |error: reqwest::Error| WebhookError::Unreachable(innermost(&error));
    let built = build(|| {
        reqwest::Client::builder()
            .user_agent(concat!("jianbao/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .timeout(timeout)
    });
    let (client, no_roots) = built.map_err(failed)?;
    if let Some(reason) = no_roots.filter(|_| url.starts_with("https:")) {
        return Err(WebhookError::Unreachable(reason));
    }
    let request = client.post(url).header(CONTENT_TYPE, "application/json").body(json);
    let status = request.send().await.map_err(failed)?.status();
    if status.is_success() { Ok(()) } else { Err(WebhookError::Refused(status.as_u16())) }
}
