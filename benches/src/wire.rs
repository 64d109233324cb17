//! What a store says to its server: a go-between that passes everything on and remembers the statements.
//!
//! A floor made of these is the same work by construction: the same statements with the same values in the same order,
//! only without the domain and the mapper that led to them. It counts statements and round trips too.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::floor::{Bound, Sent};

/// A go-between in front of a PostgreSQL server.
pub struct Recorder {
    address: SocketAddr,
    heard: Arc<Mutex<Heard>>,
}

#[derive(Default)]
struct Heard {
    /// What was sent, and over which connection.
    sent: Vec<(usize, Sent)>,
    round_trips: usize,
}

impl Recorder {
    /// Listens in front of the server.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn before(server: String) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let heard = Arc::<Mutex<Heard>>::default();
        let ear = Arc::clone(&heard);
        tokio::spawn(async move {
            for number in 0.. {
                let Ok((client, _)) = listener.accept().await else { break };
                tokio::spawn(pass_on(client, server.clone(), number, Arc::clone(&ear)));
            }
        });
        Ok(Self { address, heard })
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The statements since the last time, and in how many round trips they went.
    #[must_use]
    pub fn take(&self) -> (Vec<Sent>, usize) {
        let heard = std::mem::take(&mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner));
        (in_order(heard.sent), heard.round_trips)
    }
}

/// The statements transaction by transaction, in the order of their beginnings: one connection may still end its own when
/// the next has begun another.
fn in_order(sent: Vec<(usize, Sent)>) -> Vec<Sent> {
    let mut open: HashMap<usize, usize> = HashMap::new();
    let mut transactions: Vec<Vec<Sent>> = Vec::new();
    for (connection, statement) in sent {
        if statement.text().starts_with("begin") || !open.contains_key(&connection) {
            open.insert(connection, transactions.len());
            transactions.push(Vec::new());
        }
        if let Some(transaction) = open.get(&connection).and_then(|place| transactions.get_mut(*place)) {
            transaction.push(statement);
        }
    }
    transactions.into_iter().flatten().collect()
}

async fn pass_on(client: TcpStream, server: String, number: usize, heard: Arc<Mutex<Heard>>) -> std::io::Result<()> {
    let server = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    let mut listener = Listener { number, ..Listener::default() };
    let mut buffer = vec![0; 1 << 16];
    loop {
        let length = from_client.read(&mut buffer).await?;
        let bytes = buffer.get(..length).unwrap_or_default();
        if bytes.is_empty() {
            return to_server.shutdown().await;
        }
        listener.hear(bytes, &heard);
        to_server.write_all(bytes).await?;
    }
}

/// Cuts one connection's stream into messages.
#[derive(Default)]
struct Listener {
    number: usize,
    rest: Vec<u8>,
    is_greeted: bool,
    known: HashMap<Vec<u8>, (Arc<str>, Vec<u32>)>,
}

impl Listener {
    fn hear(&mut self, bytes: &[u8], heard: &Mutex<Heard>) {
        self.rest.extend_from_slice(bytes);
        loop {
            // The first message has no letter in front of its length.
            let letters = usize::from(self.is_greeted);
            let Some(length) = self.rest.get(letters..letters + 4).and_then(|bytes| Words(bytes).length()) else {
                return;
            };
            if self.rest.len() < letters + length {
                return;
            }
            let message: Vec<u8> = self.rest.drain(..letters + length).collect();
            if self.is_greeted {
                let (letter, body) = (message.first().copied(), message.get(5..).unwrap_or_default());
                self.message(letter, Words(body), &mut heard.lock().unwrap_or_else(PoisonError::into_inner));
            }
            self.is_greeted = true;
        }
    }

    fn message(&mut self, letter: Option<u8>, mut words: Words<'_>, heard: &mut Heard) {
        match letter {
            Some(b'Q') => {
                heard.round_trips += 1;
                heard.sent.push((self.number, Sent::Plain(words.text())));
            }
            Some(b'S') => heard.round_trips += 1,
            Some(b'P') => {
                let (name, text) = (words.bytes_to_zero().to_vec(), words.text());
                let kinds = (0..words.short()).map(|_| words.long()).collect();
                self.known.insert(name, (text.into(), kinds));
            }
            Some(b'B') => {
                words.bytes_to_zero();
                let name = words.bytes_to_zero();
                let named = !name.is_empty();
                let Some((text, kinds)) = self.known.get(name) else { return };
                for _ in 0..words.short() {
                    words.short();
                }
                words.short();
                let values = kinds.iter().map(|kind| Bound { kind: *kind, value: words.value() }).collect();
                let statement = Sent::Prepared { text: Arc::clone(text), named, values };
                heard.sent.push((self.number, statement));
            }
            _ => {}
        }
    }
}

/// The body of a message, read from its beginning.
struct Words<'b>(&'b [u8]);

impl<'b> Words<'b> {
    fn take(&mut self, length: usize) -> &'b [u8] {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }
    fn length(mut self) -> Option<usize> {
        usize::try_from(self.long()).ok()
    }
    fn short(&mut self) -> u16 {
        self.take(2).try_into().map_or(0, u16::from_be_bytes)
    }
    fn long(&mut self) -> u32 {
        self.take(4).try_into().map_or(0, u32::from_be_bytes)
    }
    fn bytes_to_zero(&mut self) -> &'b [u8] {
        let length = self.0.iter().position(|byte| *byte == 0).unwrap_or(self.0.len());
        let bytes = self.take(length);
        self.take(1);
        bytes
    }
    fn text(&mut self) -> String {
        String::from_utf8_lossy(self.bytes_to_zero()).into_owned()
    }
    fn value(&mut self) -> Option<Vec<u8>> {
        // A length of -1 stands for no value.
        let length = self.long();
        (length != u32::MAX).then(|| self.take(usize::try_from(length).unwrap_or(0)).to_vec())
    }
}
