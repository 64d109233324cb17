//! A bounded load over loopback: so many connections, each with one request under way at a time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Fault;

/// Makes the bytes of the request with a number.
pub type Requests = Arc<dyn Fn(u64) -> Vec<u8> + Send + Sync>;

/// What came of a load.
#[derive(Clone, Debug, Default)]
pub struct Load {
    /// From the first request to the last answer.
    pub wall: Duration,
    /// How long each request took.
    pub times: Vec<Duration>,
    /// What the process, client included, and the database's processes computed meanwhile; nothing where that can't be
    /// read.
    pub computed: Option<Duration>,
}

impl Load {
    /// This load and another one behind it.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.wall += other.wall;
        self.times.extend(other.times);
        self.computed = self.computed.zip(other.computed).map(|(one, other)| one + other);
        self
    }
}

/// The processes whose time a load costs: this one, and those of a database server on the same machine.
#[derive(Clone, Copy, Debug)]
pub struct Processes {
    /// The parent of the server's processes.
    pub postmaster: Option<u32>,
}

impl Processes {
    /// The time that they have computed so far.
    fn computed(self) -> Option<Duration> {
        let mut ticks = ticks_of(std::process::id())?.1;
        let postmaster = self.postmaster?;
        for entry in std::fs::read_dir("/proc").ok()?.flatten() {
            let Some(process) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
            match ticks_of(process) {
                Some((parent, own)) if parent == postmaster || process == postmaster => ticks += own,
                _ => {}
            }
        }
        // A tick is a hundredth of a second wherever Linux runs on.
        Some(Duration::from_millis(ticks * 10))
    }
}

/// The parent of a process, and its ticks in user and system mode, those of its children that ended included.
pub(crate) fn ticks_of(process: u32) -> Option<(u32, u64)> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name stands in brackets and may hold anything.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = fields.get(11..15)?.iter().filter_map(|field| field.parse::<u64>().ok()).sum();
    Some((fields.get(1)?.parse().ok()?, ticks))
}

/// Makes the requests with these numbers over so many connections.
///
/// # Errors
/// When a connection breaks, or an answer has another status than `expected`: then the figures mean nothing.
pub async fn drive(
    address: SocketAddr,
    connections: usize,
    numbers: std::ops::Range<u64>,
    requests: &Requests,
    expected: u16,
    processes: Processes,
) -> Result<Load, Fault> {
    let next = Arc::new(AtomicU64::new(numbers.start));
    let mut streams = Vec::with_capacity(connections);
    for _ in 0..connections {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    let before = processes.computed();
    let begun = Instant::now();
    let workers: Vec<_> = streams
        .into_iter()
        .map(|stream| {
            let (next, requests) = (Arc::clone(&next), Arc::clone(requests));
            tokio::spawn(work(stream, next, numbers.end, requests, expected))
        })
        .collect();
    let mut times = Vec::new();
    for worker in workers {
        times.extend(worker.await??);
    }
    let wall = begun.elapsed();
    let computed = processes.computed().zip(before).map(|(after, before)| after.saturating_sub(before));
    Ok(Load { wall, times, computed })
}

/// Makes one request and gives the body of its answer.
///
/// # Errors
/// When the connection breaks.
pub async fn ask(address: SocketAddr, request: &[u8]) -> Result<Vec<u8>, Fault> {
    let (mut stream, mut heard) = (TcpStream::connect(address).await?, Vec::new());
    stream.write_all(request).await?;
    answer(&mut stream, &mut heard).await?;
    let begin = heard.windows(4).position(|window| window == b"\r\n\r\n").ok_or("an answer without a head")?;
    Ok(heard.split_off(begin + 4))
}

async fn work(
    mut stream: TcpStream,
    next: Arc<AtomicU64>,
    end: u64,
    requests: Requests,
    expected: u16,
) -> Result<Vec<Duration>, Fault> {
    let (mut times, mut heard) = (Vec::new(), Vec::with_capacity(1 << 16));
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= end {
            return Ok(times);
        }
        let request = requests(number);
        let begun = Instant::now();
        stream.write_all(&request).await?;
        let (status, length) = answer(&mut stream, &mut heard).await?;
        times.push(begun.elapsed());
        if status != expected {
            let said = String::from_utf8_lossy(&heard).into_owned();
            return Err(format!("request {number} was answered with {status}: {said}").into());
        }
        heard.drain(..length);
    }
}

/// Hears one whole answer: its status, and how long it is.
async fn answer(stream: &mut TcpStream, heard: &mut Vec<u8>) -> Result<(u16, usize), Fault> {
    loop {
        if let Some((status, length)) = measured(heard)?.filter(|(_, length)| heard.len() >= *length) {
            return Ok((status, length));
        }
        if stream.read_buf(heard).await? == 0 {
            return Err("the server hung up".into());
        }
    }
}

/// The status of an answer and its length as its head says; nothing while the head is not whole.
fn measured(answer: &[u8]) -> Result<Option<(u16, usize)>, Fault> {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(answer.get(..end).unwrap_or_default())?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or("an answer without a status")?;
    let lengths = head.lines().filter_map(|line| line.split_once(':'));
    let mut length = lengths.filter(|(name, _)| name.eq_ignore_ascii_case("content-length")).map(|(_, length)| length);
    let length: usize = length.next_back().ok_or("an answer without a length")?.trim().parse()?;
    Ok(Some((status, end + 4 + length)))
}
