//! Names into addresses, on threads of their own: the system's resolver blocks, for minutes when it is
//! dead, and can't be cancelled. Nothing else waits behind it, and a process ends without it.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::{Semaphore, oneshot};

use super::Guard;
use super::guard::Destination;

/// Lookups at the same time. Many, since names that never resolve keep theirs until the system gives up,
/// and those of healthy sites would wait behind them.
const AT_ONCE: usize = 64;
/// Of a thread that looks up, in bytes: room for the system's modules.
const STACK: usize = 512 << 10;

type Answer = io::Result<Vec<IpAddr>>;

/// Asks for the addresses of a name; may block.
#[derive(Clone)]
pub struct Lookup(Arc<dyn Fn(&str) -> Answer + Send + Sync>);

impl Lookup {
    /// A lookup that asks this instead of the system.
    pub fn by(ask: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        Self(Arc::new(ask))
    }
}

impl Default for Lookup {
    /// The system's resolver.
    fn default() -> Self {
        Self::by(|host| Ok((host, 0).to_socket_addrs()?.map(|address| address.ip()).collect()))
    }
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lookup")
    }
}

/// Looks names up, within a limit, and leaves out addresses that may not be asked on a port.
#[derive(Debug, Clone)]
pub(super) struct Resolver {
    lookup: Lookup,
    guard: Guard,
    /// The port that is connected to, where the guard tells it from others.
    port: Option<u16>,
    limit: Duration,
    threads: Arc<Semaphore>,
    /// What was found before a connection was wanted, for that connection.
    ahead: Arc<Mutex<HashMap<String, Vec<IpAddr>>>>,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

impl Resolver {
    pub(super) fn new(lookup: Lookup, guard: Guard, limit: Duration) -> Self {
        let threads = Arc::new(Semaphore::new(AT_ONCE));
        Self { lookup, guard, port: None, limit, threads, ahead: Arc::default() }
    }

    /// The same for connections to one port.
    pub(super) fn on_port(&self, port: u16) -> Self {
        Self { port: Some(port), ahead: Arc::default(), ..self.clone() }
    }

    /// Looks a name up for the connection that is to follow.
    pub(super) async fn look_ahead(&self, host: &str) -> Result<(), Failure> {
        let found = self.find(host).await?;
        self.ahead().insert(host.to_owned(), found);
        Ok(())
    }

    async fn find(&self, host: &str) -> Result<Vec<IpAddr>, Failure> {
        let permit = Arc::clone(&self.threads).acquire_owned().await?;
        let (reply, answer) = oneshot::channel();
        let (lookup, name) = (self.lookup.clone(), host.to_owned());
        std::thread::Builder::new().name("lookup".to_owned()).stack_size(STACK).spawn(move || {
            // Nobody waits any more when the receiver is gone.
            let _ = reply.send((lookup.0)(&name));
            drop(permit);
        })?;
        let answer = tokio::time::timeout(self.limit, answer).await;
        let mut found = answer.map_err(|_| format!("no answer within {:?}", self.limit))???;
        let mut refused = None;
        found.retain(|address| {
            let judged = self.guard.judge(Destination { host, port: self.port }, *address);
            refused = refused.take().or(judged.clone().err());
            judged.is_ok()
        });
        match refused {
            Some(forbidden) if found.is_empty() => Err(Box::new(forbidden)),
            None if found.is_empty() => Err("the name has no address".into()),
            _ => Ok(found),
        }
    }

    fn ahead(&self) -> std::sync::MutexGuard<'_, HashMap<String, Vec<IpAddr>>> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let known = resolver.ahead().remove(name.as_str());
            let found = match known {
                Some(found) => found,
                None => resolver.find(name.as_str()).await?,
            };
            Ok(Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_name_that_never_resolves_holds_up_neither_others_nor_the_end() {
        let (release, released) = mpsc::channel::<()>();
        let released = Mutex::new(released);
        let lookup = Lookup::by(move |host| {
            if host == "dead.example" {
                // Until the test has ended.
                let _ = released.lock().unwrap().recv();
            }
            Ok(vec![IpAddr::from([93, 184, 216, 34]), IpAddr::from([10, 0, 0, 1])])
        });
        let resolver = Resolver::new(lookup, Guard::default(), Duration::from_millis(20));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let dead = runtime.block_on(resolver.find("dead.example")).unwrap_err();
        assert_eq!(dead.to_string(), "no answer within 20ms");
        let fine = runtime.block_on(resolver.find("fine.example")).unwrap();
        assert_eq!(fine, [IpAddr::from([93, 184, 216, 34])]);
        // Does not wait for the thread that still does.
        drop(runtime);
        drop(release);
    }
}
