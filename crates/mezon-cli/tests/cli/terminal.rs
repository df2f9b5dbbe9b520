//! What a terminal gets that a pipe does not.

use std::fs::File;
use std::io::Read;
use std::process::Stdio;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::gateway::Gateway;
use crate::mez::Mez;

/// What the command prints at a terminal.
#[track_caller]
fn at_a_terminal(command: Mez) -> String {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&controller).unwrap();
    unlockpt(&controller).unwrap();
    let name = ptsname(&controller, Vec::new()).unwrap();
    let terminal = File::from(rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap());
    let mut command = command.variable("COLUMNS", "80").into_command();
    let mut child = command.stdin(Stdio::null()).stderr(Stdio::null()).stdout(terminal).spawn().unwrap();
    // The command's own end of the terminal is held here until it is dropped.
    drop(command);
    let mut shown = Vec::new();
    // Linux ends a terminal that nobody writes to any more with an error.
    let _ = File::from(controller).read_to_end(&mut shown);
    assert!(child.wait().unwrap().success());
    String::from_utf8(shown).unwrap().replace("\r\n", "\n")
}

#[test]
fn a_terminal_gets_a_table_and_a_pipe_gets_json() {
    let gateway = Gateway::start();
    let dm = gateway.an_and_binh();
    let members = || gateway.mez("an").args(["members", "binh"]);
    let table = at_a_terminal(members());
    assert!(table.starts_with("ID ") && table.contains("\n1002  binh"), "{table}");
    let piped = members().run().succeeded().stdout;
    assert!(piped.lines().all(|line| line.starts_with(r#"{"user_id":""#)), "{piped}");
    assert_eq!(at_a_terminal(members().arg("--json")), piped);
    assert_eq!(members().arg("--no-json").run().succeeded().stdout, table);

    let detail = || gateway.mez("an").args(["api", "ListChannelDetail", "-f", &format!("channel_id={dm}")]);
    let (indented, line) = (at_a_terminal(detail()), detail().run().succeeded().stdout);
    assert!(indented.lines().count() > 10 && line.lines().count() == 1);
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(read(&indented), read(&line));
}
