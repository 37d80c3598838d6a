//! The `jianbao` command.

use std::process::ExitCode;

/// html5ever parses a quarter faster with it than with the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    jianbao::cli::run(std::env::args_os())
}
