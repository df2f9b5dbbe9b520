//! Where settings come from, and what is taken off them.

use std::io::copy;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use mezon_emulator::Emulator;
use serde_json::Value;

use crate::gateway::Gateway;

/// Another address of a gateway. Lives as long as the process.
struct Relay {
    url: String,
    connections: Arc<AtomicUsize>,
}

impl Relay {
    fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                count.fetch_add(1, Ordering::SeqCst);
                let Ok(server) = TcpStream::connect(server) else { return };
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    thread::spawn(move || {
                        let _ = copy(&mut from, &mut to);
                        let _ = to.shutdown(std::net::Shutdown::Write);
                    });
                }
            }
        });
        Self { url, connections }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

#[test]
fn marks_and_line_ends_of_editors_are_no_part_of_a_value() {
    let gateway = Gateway::with(Emulator::builder().server_key("the-key").tls(true));
    let key = gateway.write("key", "\u{feff}the-key\r\n");
    let token = gateway.write("token", "\u{feff}an-id-token\r\n");
    let ca = format!("\u{feff}{}", gateway.emulator.ca_pem().unwrap().replace('\n', "\r\n"));
    let ca = gateway.write("ca.pem", ca);
    let login = gateway.login("an", 1001).without_variable("MEZON_ID_TOKEN").arg("--id-token-file").arg(token);
    login.arg("--server-key-file").arg(key).arg("--ca").arg(&ca).run().succeeded();

    let crooked = |value: &str| format!("\u{feff}{value}\r");
    let login = gateway.login("an", 1001).variable("MEZON_SERVER_KEY", crooked("the-key"));
    let login = login.variable("MEZON_GATEWAY_URL", crooked(&gateway.emulator.url()));
    let login = login.variable("MEZON_CA", crooked(ca.to_str().unwrap())).variable("RUST_LOG", crooked("error"));
    login.variable("MEZON_SESSION", crooked(gateway.file("an.json").to_str().unwrap())).run().succeeded();
}

#[test]
fn a_message_from_stdin_has_no_mark_and_no_carriage_returns() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    gateway.mez("an").args(["send", &dm, "-"]).input("\u{feff}one\r\ntwo\r\n").run().succeeded();
    let message = gateway.mez("binh").args(["history", &dm, "--json"]).run().json();
    assert_eq!(message["text"], "one\ntwo");
}

#[test]
fn a_session_file_that_an_editor_has_saved_is_read() {
    let gateway = Gateway::start();
    gateway.sign_in("an", 1001);
    let saved = std::fs::read_to_string(gateway.file("an.json")).unwrap();
    gateway.write("an.json", format!("\u{feff}{saved}\r\n"));
    gateway.mez("an").arg("whoami").run().succeeded();
}

#[test]
fn an_empty_variable_is_unset() {
    let gateway = Gateway::start();
    let config = gateway.file("config");
    let empty = |command: crate::mez::Mez| {
        ["MEZON_SESSION", "MEZON_CA", "MEZON_SERVER_KEY", "RUST_LOG"]
            .iter()
            .fold(command.variable("XDG_CONFIG_HOME", &config), |command, name| command.variable(name, ""))
    };
    empty(gateway.login("an", 1001)).run().succeeded();
    assert!(config.join("mezon").join("session.json").is_file());
    let channels = gateway.mez("an").variable("MEZON_GATEWAY_URL", " \r").args(["channels", "--json"]);
    empty(channels).run().succeeded();
    empty(gateway.login("an", 1001)).variable("MEZON_ID_TOKEN", "\r\n").run().failed(2, &["there is no ID token"]);
}

#[test]
fn another_gateway_is_gone_to_and_the_file_keeps_its_addresses() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let api_url = || -> Value {
        let file = std::fs::read_to_string(gateway.file("an.json")).unwrap();
        serde_json::from_str::<Value>(&file).unwrap()["api_url"].clone()
    };
    let relay = Relay::to(gateway.emulator.addr());
    gateway.mez("an").args(["channels", "--gateway-url", &relay.url]).run().succeeded();
    assert_eq!(relay.connections(), 1);
    gateway.mez("an").args(["send", &dm, "by flag", "--gateway-url", &relay.url]).run().succeeded();
    assert!(relay.connections() >= 3, "call and socket");
    let before = relay.connections();
    gateway.mez("an").args(["session", "refresh"]).variable("MEZON_GATEWAY_URL", &relay.url).run().succeeded();
    assert_eq!((relay.connections(), api_url()), (before + 1, gateway.emulator.url().into()));

    // Without a word on it, and where the sign-in went by name, it is the session's own addresses.
    gateway.mez("an").arg("channels").run().succeeded();
    gateway.mez("an").args(["channels", "--gateway-url", &gateway.emulator.url()]).run().succeeded();
    assert_eq!(relay.connections(), before + 1);
}
