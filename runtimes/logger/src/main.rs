//! `felucca-logger`: a `binary://` log driver for containerd's shims and ours.
//!
//! The shim starts it with the read ends of the container's output as descriptors 3 and 4, and with
//! descriptor 5 to say on that it is ready: a byte, then closed. Newer shims take a close without a
//! byte for a crash; older ones accept either. The query of the URI comes as arguments, a name and
//! its value each, in no particular order.

//!
//! With `in.stdout` and `in.stderr` it reads fifos instead, for a shim that gives a process no input
//! when a logger takes its output. Then whoever starts it waits for its end: it goes on in a child
//! once all is well, and says on its standard error what is not.

mod archive;
mod counters;
mod format;
mod journal;
mod log;
mod logger;
mod record;
mod sys;
mod tee;
mod time;

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use format::Format;
use journal::Journal;
use log::{Log, Rules};
use logger::{Logger, Store, Stream};
use record::Name;

/// How long an earlier logger of the same container may take to end.
const PATIENCE: Duration = Duration::from_secs(2);

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

/// The arguments, each given once; an empty value is as if it were not given.
struct Options {
    log: Option<PathBuf>,
    stdout: Option<PathBuf>,
    stderr: Option<PathBuf>,
    in_stdout: Option<PathBuf>,
    in_stderr: Option<PathBuf>,
    journal: Option<PathBuf>,
    fields: Vec<u8>,
    rules: Rules,
}

fn run() -> Result<(), String> {
    let mut arguments = std::env::args_os().skip(1);
    if let (Some(word), Some(path), None) = (arguments.next(), arguments.next(), arguments.next()) {
        if word == archive::WORD {
            let path = PathBuf::from(path);
            return archive::compress(&path).map_err(|e| format!("cannot compress {}: {e}", path.display()));
        }
    }
    // SAFETY: these numbers are the shim's to pass; nothing has been opened here before.
    let [stdout, stderr, ready] = [3, 4, 5].map(|number| unsafe { sys::inherited(number) });
    let options = parse(std::env::args_os().skip(1))?;
    let format = options.rules.format;
    let log =
        match &options.log {
            None => None,
            Some(path) => Some(Log::open(path, options.rules, PATIENCE).map_err(|e| {
                format!("cannot open the log {}: {e}; does its folder exist?", path.display())
            })?),
        };
    let own = options.in_stdout.is_some() || options.in_stderr.is_some();
    let [stdout, stderr] = match own {
        true => [fifo(options.in_stdout.as_deref())?, fifo(options.in_stderr.as_deref())?],
        false => [stdout, stderr],
    };
    let signals = sys::only_sigterm().map_err(|e| format!("cannot set the signals up: {e}"))?;
    let streams = [
        Stream::new(Name::Stdout, stdout, options.stdout),
        Stream::new(Name::Stderr, stderr, options.stderr),
    ];
    let [Ok(stdout), Ok(stderr)] = streams else {
        return Err("cannot read descriptors 3 and 4 without waiting".to_owned());
    };
    let journal = options.journal.map(|path| Journal::new(path, &options.fields));
    if own {
        sys::go_on_in_a_child()
            .and_then(|()| sys::leave_the_parent())
            .and_then(|()| sys::outlive_a_kill())
            .map_err(|e| format!("cannot go on in a child: {e}"))?;
    }
    let mut logger = Logger::new([stdout, stderr], Store::new(log, format, journal), signals, !own);
    if let Some(mut ready) = ready.filter(|_| !own) {
        // If nobody listens, the streams tell soon enough.
        let _ = ready.write(&[0]);
    }
    logger.run().map_err(|e| format!("cannot wait for output: {e}"))
}

/// Opens a fifo for reading, whether or not anybody writes to it yet.
fn fifo(path: Option<&Path>) -> Result<Option<File>, String> {
    let Some(path) = path else {
        return Ok(None);
    };
    let flags = libc::O_NONBLOCK | libc::O_NOFOLLOW;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path);
    match file.and_then(|file| Ok((file.metadata()?.file_type().is_fifo(), file))) {
        Ok((true, file)) => Ok(Some(file)),
        Ok(_) => Err(format!("{} is no fifo", path.display())),
        Err(e) => Err(format!("cannot open the fifo {}: {e}", path.display())),
    }
}

fn parse(mut arguments: impl Iterator<Item = OsString>) -> Result<Options, String> {
    let mut options = Options {
        log: None,
        stdout: None,
        stderr: None,
        in_stdout: None,
        in_stderr: None,
        journal: None,
        fields: Vec::new(),
        rules: Rules { format: Format::Cri, most: None, files: 2, gives_way: false, compresses: false },
    };
    let mut kept = true;
    while let Some(name) = arguments.next() {
        let value = arguments.next().unwrap_or_default();
        if value.is_empty() {
            continue;
        }
        let path = || Some(PathBuf::from(&value));
        let text = value.to_str().unwrap_or_default();
        match name.to_str() {
            Some("log") => options.log = path(),
            Some("stdout") => options.stdout = path(),
            Some("stderr") => options.stderr = path(),
            Some("in.stdout") => options.in_stdout = path(),
            Some("in.stderr") => options.in_stderr = path(),
            Some("journal") => options.journal = path(),
            Some("fields") => options.fields = value.into_vec(),
            Some("format") if text == "none" => kept = false,
            Some("format") => {
                options.rules.format =
                    Format::parse(text).ok_or(format!("format {value:?} is none of cri, json and none"))?
            }
            Some("max") => match text.parse::<u64>() {
                Ok(most) if most > 0 => options.rules.most = Some(most),
                _ => return Err(format!("max {value:?} is no number of bytes above 0")),
            },
            Some("files") => match text.parse::<u32>() {
                Ok(files @ 1..=1000) => options.rules.files = files,
                _ => return Err(format!("files {value:?} is no number from 1 to 1000")),
            },
            Some("compress") => match text {
                "false" => options.rules.compresses = false,
                "true" => options.rules.compresses = true,
                _ => return Err(format!("compress {value:?} is neither true nor false")),
            },
            Some("full") => match text {
                "drop" => options.rules.gives_way = false,
                "rotate" => options.rules.gives_way = true,
                _ => return Err(format!("full {value:?} is neither drop nor rotate")),
            },
            _ => {
                return Err(format!(
                    "unknown argument {name:?}: log, format, max, files, compress, full, stdout, stderr, \
                     in.stdout, in.stderr, journal and fields are known"
                ))
            }
        }
    }
    if options.log.is_none() && kept {
        return Err("the argument `log` with the path of the log file is missing".to_owned());
    }
    if !kept {
        options.log = None;
    }
    Ok(options)
}
