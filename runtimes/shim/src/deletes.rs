//! How ended processes are forgotten: once the runtime has forgotten them and all that they wrote is
//! where it belongs.

use std::time::{Duration, Instant};

use crate::bundle::ROOTFS;
use crate::clock::Exit;
use crate::model::{Key, Reply, Stage};
use crate::mounts;
use crate::operation::{Deletion, Operation, What};
use crate::proto::Writer;
use crate::shim::Shim;
use crate::sys;
use crate::ttrpc::{Failure, FAILED_PRECONDITION};

/// How long a reader may take nothing of what an ended process wrote, and how long its logger may go on.
const PATIENCE: Duration = Duration::from_secs(2);
/// After so long a logger is killed.
const LAST_PATIENCE: Duration = Duration::from_secs(12);
/// How often a deletion that waits is looked at.
const LOOK: Duration = Duration::from_millis(100);

impl Deletion {
    pub fn wakes(&self) -> Option<Instant> {
        self.forgotten.then(|| Instant::now() + LOOK)
    }
}

impl Shim {
    pub fn delete(&mut self, reply: Reply, key: Key, deadline: Option<Instant>) -> Result<(), Failure> {
        let container = self.containers.get(&key.id)?;
        let never_ran = container.restore.is_some() && container.init.pid == 0;
        let process = self.containers.process(&key)?;
        let exec_unstarted = !key.exec.is_empty() && process.stage == Stage::Created && !process.starting;
        let may_go = process.stage == Stage::Stopped || never_ran || exec_unstarted;
        if !may_go || process.deleting {
            let what =
                if process.deleting { "is just being deleted" } else { "must be stopped before deletion" };
            return Err(Failure::new(FAILED_PRECONDITION, format!("{} {what}", describe(&key))));
        }
        process.deleting = true;
        let forgotten = !key.exec.is_empty() || never_ran;
        let deletion = Deletion { began: Instant::now(), forgotten, logger_told: 0 };
        let operation = Operation::new(What::Delete(deletion), key.clone(), Some(reply), deadline);
        if forgotten {
            let token = self.token();
            self.operations.insert(token, operation);
            self.go_on_deleting(token, Instant::now());
            return Ok(());
        }
        let line = vec!["delete".to_owned(), key.id.clone()];
        self.launch(operation, line).inspect_err(|_| {
            if let Ok(process) = self.containers.process(&key) {
                process.deleting = false;
            }
        })
    }

    /// The runtime has forgotten the container, or would not.
    pub fn forgotten(&mut self, mut operation: Operation, status: u32) -> Option<Result<Vec<u8>, Failure>> {
        if status != 0 {
            let failure = operation.failure(status);
            if !failure.message.contains("does not exist") {
                if let Ok(process) = self.containers.process(&operation.key) {
                    process.deleting = false;
                }
                return Some(Err(failure));
            }
        }
        if let What::Delete(deletion) = &mut operation.what {
            deletion.forgotten = true;
        }
        let token = self.token();
        self.operations.insert(token, operation);
        self.go_on_deleting(token, Instant::now());
        None
    }

    pub fn go_on_deleting(&mut self, token: u64, now: Instant) {
        let Some(operation) = self.operations.get_mut(&token) else { return };
        let What::Delete(deletion) = &mut operation.what else { return };
        if !deletion.forgotten {
            return;
        }
        let waited = now.saturating_duration_since(deletion.began);
        let Ok(process) = self.containers.process(&operation.key) else { return };
        process.io.child.clear();
        let outputs = process.io.outputs.clone();
        if let (true, Some(logger)) = (outputs.is_empty(), process.io.logger) {
            let (signal, told) = match deletion.logger_told {
                0 if waited > PATIENCE => (libc::SIGTERM, 1),
                1 if waited > LAST_PATIENCE => (libc::SIGKILL, 2),
                told => (0, told),
            };
            if signal != 0 {
                let _ = sys::kill(logger, signal);
            }
            deletion.logger_told = told;
        }
        let waits_for_logger = process.io.logger.is_some();
        let began = deletion.began;
        for output in outputs {
            self.pump(output);
            let progress = self.relays.get(&output).map(|r| r.relay.last_progress.max(began));
            if progress.is_some_and(|at| now.saturating_duration_since(at) > PATIENCE) {
                // Nobody reads it, or a process that goes on holds it open.
                self.stop_relay(output);
            }
        }
        let operation = self.operations.get(&token);
        let Some(key) = operation.map(|o| o.key.clone()) else { return };
        let all_out = self.containers.process(&key).is_ok_and(|p| p.io.outputs.is_empty());
        if all_out && !waits_for_logger {
            self.finish_deletion(token, &key);
        }
    }

    fn finish_deletion(&mut self, token: u64, key: &Key) {
        let Some(operation) = self.operations.remove(&token) else { return };
        let Ok(container) = self.containers.get(&key.id) else { return };
        let (pid, exit) = if key.exec.is_empty() {
            (container.init.pid, container.init.exit)
        } else {
            let Some(at) = container.execs.iter().position(|p| p.exec == key.exec) else { return };
            let process = container.execs.swap_remove(at);
            (process.pid, process.exit)
        };
        let exit = exit.unwrap_or_else(|| Exit::now(0));
        if key.exec.is_empty() {
            if let Some(mut container) = self.containers.take(&key.id) {
                self.stop_watching_oom(&mut container);
                for process in container.processes_mut() {
                    let tokens: Vec<u64> =
                        process.io.outputs.iter().copied().chain(process.io.stdin).collect();
                    tokens.into_iter().for_each(|t| self.stop_relay(t));
                }
                mounts::unmount_all(&container.bundle.join(ROOTFS));
            }
            let event = Writer::new()
                .text(1, &key.id)
                .number(2, pid as u64)
                .number(3, exit.status.into())
                .message(4, exit.at.message());
            self.events.push("/tasks/delete", "TaskDelete", event);
        }
        if let Some(reply) = operation.reply {
            self.answer(reply, Ok(delete_response(pid, exit)));
        }
    }
}

pub fn delete_response(pid: sys::pid_t, exit: Exit) -> Vec<u8> {
    Writer::new().number(1, pid as u64).number(2, exit.status.into()).message(3, exit.at.message()).done()
}

fn describe(key: &Key) -> String {
    if key.exec.is_empty() {
        format!("container {}", key.id)
    } else {
        format!("exec {} of container {}", key.exec, key.id)
    }
}
