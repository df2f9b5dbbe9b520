//! The `mezon` command.

fn main() {}
