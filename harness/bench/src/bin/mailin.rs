//! mailin ADDRESS [THREADS]: the server of mailin-embedded, which throws all mail away.

use mailin_embedded::{Handler, Server};

#[derive(Clone)]
struct Nobody;

impl Handler for Nobody {}

fn main() {
    let mut words = std::env::args().skip(1);
    let address = words.next().unwrap_or_else(|| "127.0.0.1:2527".to_owned());
    let threads = words.next().and_then(|word| word.parse().ok()).unwrap_or(64);
    let mut server = Server::new(Nobody);
    server.with_name("mx.example.test").with_num_threads(threads);
    if let Err(error) = server.with_addr(&address).map(|_| ()).and_then(|()| server.serve()) {
        eprintln!("mailin: {address}: {error}");
        std::process::exit(1);
    }
}
