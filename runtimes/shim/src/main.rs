//! `felucca-shim`: owns a container's processes on behalf of an engine, which may go and come back.
//! It speaks containerd's shim v2 protocol; docs/shim.md tells what is its own.

mod bootstrap;
mod bundle;
mod calls;
mod cgroup;
mod clock;
mod deletes;
mod events;
mod exits;
mod json;
mod metrics;
mod model;
mod mounts;
mod operation;
mod proto;
mod relay;
mod shim;
mod spawn;
mod starts;
mod stdio;
mod sys;
mod ttrpc;
mod waiting;

use std::process::ExitCode;

use bootstrap::Arguments;

fn main() -> ExitCode {
    // SAFETY: nothing has been opened here yet.
    unsafe { sys::close_from(3) };
    let result = Arguments::parse(std::env::args_os().skip(1)).and_then(|arguments| {
        match arguments.command.as_str() {
            _ if arguments.version => {
                bootstrap::print_version();
                Ok(())
            }
            _ if arguments.info => bootstrap::info(),
            "start" => bootstrap::start(&arguments),
            "wait" if !cfg!(feature = "previous-wire") => bootstrap::wait(&arguments),
            "delete" => bootstrap::delete(&arguments),
            "" => Err("a command is missing: start, wait or delete".to_owned()),
            other => Err(format!("unknown command {other:?}: start, wait and delete are known")),
        }
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("felucca-shim: {message}");
            ExitCode::FAILURE
        }
    }
}
