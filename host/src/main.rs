//! The command line `license-backup`: it parses, dispatches and prints. The work is done by the library.

mod cli;

fn main() -> std::process::ExitCode {
    cli::run()
}
