//! A small HTTP/1.1 server for the demo site: GET only, on this machine only.

use std::net::SocketAddr;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

use super::{Answer, DemoSite};

/// A request's head is not longer than this.
const MAX_HEAD: usize = 16 * 1024;

/// A site being served; stops when dropped.
#[derive(Debug)]
pub struct Served {
    address: SocketAddr,
    task: AbortHandle,
}

impl Served {
    /// `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves the site on 127.0.0.1; port 0 takes a free one.
pub async fn serve(site: Arc<DemoSite>, port: u16) -> std::io::Result<Served> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let address = listener.local_addr()?;
    let base: Arc<str> = format!("http://{address}").into();
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that goes away ends its own connection only.
            tokio::spawn(talk(stream, Arc::clone(&site), Arc::clone(&base)));
        }
    });
    Ok(Served { address, task: task.abort_handle() })
}

async fn talk(mut stream: TcpStream, site: Arc<DemoSite>, base: Arc<str>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer: Vec<u8> = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            if buffer.len() > MAX_HEAD || stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
        buffer.drain(..end);
        let path = head.split(' ').nth(1).unwrap_or("/");
        let answer = site.answer(path, &base, Timestamp::now());
        stream.write_all(&write(&answer)).await?;
        if head.to_ascii_lowercase().contains("connection: close") {
            return stream.shutdown().await;
        }
    }
}

fn write(answer: &Answer) -> Vec<u8> {
    let reason = match answer.status {
        200 => "OK",
        302 => "Found",
        _ => "Not Found",
    };
    let location =
        answer.location.as_ref().map(|target| format!("Location: {target}\r\n")).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {} {reason}\r\nServer: demo\r\nContent-Type: {}\r\nContent-Length: {}\r\n{location}\r\n",
        answer.status,
        answer.content_type,
        answer.body.len()
    );
    [head.as_bytes(), answer.body.as_bytes()].concat()
}
