//! An emulator that is killed in the middle of its work, again and again.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::{env, io};

use mezon_emulator::Emulator;
use mezon_proto::{api, realtime};

use crate::support::{User, user};

/// Where the emulator in the other process finds its database.
const DATABASE: &str = "MEZON_KILLED_DATABASE";

const KILLS: usize = 6;

/// The emulator: says its address, and works until it is killed. A test without its setting, which has nothing to do.
#[tokio::test]
async fn the_emulator() {
    let Ok(database) = env::var(DATABASE) else { return };
    let emulator = Emulator::builder().database(database).start().await.unwrap();
    writeln!(io::stdout(), "\naddress {}", emulator.addr()).unwrap();
    std::future::pending::<()>().await;
}

fn start(database: &Path) -> (Child, String) {
    let mut program = Command::new(env::current_exe().unwrap());
    program.args(["--exact", "killed::the_emulator", "--nocapture"]).env(DATABASE, database);
    let mut program = program.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines().map_while(Result::ok);
    let address = lines.find_map(|line| line.strip_prefix("address ").map(str::to_owned));
    (program, address.expect("the emulator says where it is"))
}

/// The clans of a user, and the messages in the first channel of the first of them.
async fn seen(user: &User) -> (Vec<String>, usize) {
    let clans: api::ClanDescList = user.get("ListClanDescs", &api::ListClanDescRequest::default()).await;
    let first = clans.clandesc.first().map_or(0, |clan| clan.welcome_channel_id);
    let messages = if first == 0 { 0 } else { user.history(first).await.len() };
    (clans.clandesc.into_iter().map(|clan| clan.clan_name).collect(), messages)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_emulator_loses_nothing_that_it_has_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("emulator.db");
    // Somebody whose token outlives each of the processes.
    let emulator = Emulator::builder().database(&database).start().await.unwrap();
    let an = user(&emulator, 1).await;
    emulator.shutdown().await;

    let (mut names, mut messages, mut channel_id) = (Vec::new(), 0, 0);
    for round in 0..KILLS {
        let (mut program, address) = start(&database);
        let an = User { addr: address.parse().unwrap(), ..an.clone() };
        assert_eq!(seen(&an).await, (names.clone(), messages), "after {round} kills");
        for number in 0..=round {
            let name = format!("clan {round} {number}");
            let request = api::CreateClanDescRequest { clan_name: name.clone(), ..Default::default() };
            let made: api::ClanDesc = an.get("CreateClanDesc", &request).await;
            if channel_id == 0 {
                channel_id = made.welcome_channel_id;
            }
            names.push(name);
            let request = realtime::ChannelMessageSend { channel_id, content: "{}".to_owned(), ..Default::default() };
            let _: realtime::ChannelMessageAck = an.get("SendChannelMessage", &request).await;
            messages += 1;
        }
        // With the last answer read, and nothing in between.
        program.kill().unwrap();
        program.wait().unwrap();
    }
    let emulator = Emulator::builder().database(&database).start().await.unwrap();
    let an = User { addr: emulator.addr(), ..an };
    assert_eq!(seen(&an).await, (names, messages));
}
