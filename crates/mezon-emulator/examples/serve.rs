//! An emulator on a port of choice, until it is interrupted: `cargo run -p mezon-emulator --example serve -- 7350`.
#![allow(clippy::print_stdout, reason = "it is a program for a terminal")]

use std::net::{Ipv4Addr, SocketAddr};

use mezon_emulator::Emulator;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = std::env::args().nth(1).map_or(Ok(0), |port| port.parse())?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let emulator = Emulator::builder().listen(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).start().await?;
        println!("{}", emulator.url());
        std::future::pending::<()>().await;
        Ok(())
    })
}
