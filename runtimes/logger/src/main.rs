//! `felucca-logger`: a `binary://` log driver for containerd's shims and ours.
//!
//! The shim starts it with the read ends of the container's output as descriptors 3 and 4, and with
//! descriptor 5 to say on that it is ready: a byte, then closed. Newer shims take a close without a
//! byte for a crash; older ones accept either. The query of the URI comes as arguments, a name and
//! its value each, in no particular order.

mod log;
mod logger;
mod record;
mod sys;
mod tee;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use log::Log;
use logger::{Logger, Stream};
use record::Name;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            let id = std::env::var("CONTAINER_ID").unwrap_or_default();
            let namespace = std::env::var("CONTAINER_NAMESPACE").unwrap_or_default();
            // There is no one left to tell if this fails.
            let _ = writeln!(std::io::stderr(), "felucca-logger {namespace}/{id}: {message}");
            ExitCode::FAILURE
        }
    }
}

#[derive(Default)]
struct Options {
    log: Option<PathBuf>,
    stdout: Option<PathBuf>,
    stderr: Option<PathBuf>,
    most: Option<u64>,
}

fn run() -> Result<(), String> {
    // SAFETY: these numbers are the shim's to pass; nothing has been opened here before.
    let [stdout, stderr, ready] = [3, 4, 5].map(|number| unsafe { sys::inherited(number) });
    let options = parse(std::env::args_os().skip(1))?;
    let path = options.log.ok_or("the argument `log` with the path of the log file is missing")?;
    let log = Log::open(&path, options.most)
        .map_err(|e| format!("cannot open the log {}: {e}; does its folder exist?", path.display()))?;
    let signals = sys::only_sigterm().map_err(|e| format!("cannot set the signals up: {e}"))?;
    let streams = [
        Stream::new(Name::Stdout, stdout, options.stdout),
        Stream::new(Name::Stderr, stderr, options.stderr),
    ];
    let [Ok(stdout), Ok(stderr)] = streams else {
        return Err("cannot read descriptors 3 and 4 without waiting".to_owned());
    };
    let mut logger = Logger::new([stdout, stderr], log, signals);
    if let Some(mut ready) = ready {
        // If nobody listens, the streams tell soon enough.
        let _ = ready.write(&[0]);
    }
    logger.run().map_err(|e| format!("cannot wait for output: {e}"))
}

/// An empty value is as if the name were not given.
fn parse(mut arguments: impl Iterator<Item = OsString>) -> Result<Options, String> {
    let mut options = Options::default();
    while let Some(name) = arguments.next() {
        let value = arguments.next().unwrap_or_default();
        let path = (!value.is_empty()).then(|| PathBuf::from(&value));
        match name.to_str() {
            Some("log") => options.log = path,
            Some("stdout") => options.stdout = path,
            Some("stderr") => options.stderr = path,
            Some("max") if path.is_none() => options.most = None,
            Some("max") => match value.to_str().and_then(|text| text.parse::<u64>().ok()) {
                Some(most) if most > 0 => options.most = Some(most),
                _ => return Err(format!("max {value:?} is no number of bytes above 0")),
            },
            _ => return Err(format!("unknown argument {name:?}: log, stdout, stderr and max are known")),
        }
    }
    Ok(options)
}
