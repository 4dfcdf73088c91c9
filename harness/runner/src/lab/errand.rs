//! One command, from its start to its end: it is ended with all that it started when somebody asks
//! us to stop, and when it takes too long.

use std::time::Duration;

use tokio::time::timeout;

use super::LabError;
use crate::launch::{Group, Process, Program};
use crate::stop::Stop;

/// How much of a command is shown where it fails, in characters.
const SHOWN: usize = 120;

/// Runs a program to its end. It must succeed.
pub(super) async fn run(program: &Program, within: Duration, stop: &Stop) -> Result<(), LabError> {
    let group = Group::default();
    let mut process =
        Process::start(program, &group).map_err(|error| LabError::Start(shown(program), error))?;
    let status = tokio::select! {
        biased;
        () = stop.stopped() => {
            process.end(&group).await;
            return Err(LabError::Stopped);
        }
        status = timeout(within, process.wait()) => status,
    };
    match status {
        Err(_) => {
            process.end(&group).await;
            Err(LabError::TooLong(shown(program), within))
        }
        Ok(Err(error)) => Err(LabError::Start(shown(program), error)),
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(LabError::Failed(shown(program), process.crash(status).await)),
    }
}

/// A command as it is named to people: on one line, and not too long.
fn shown(program: &Program) -> String {
    let words = program.words.join(" ");
    let mut line: String = words.escape_debug().take(SHOWN).collect();
    if words.escape_debug().count() > SHOWN {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn shell(text: &str) -> Program {
        Program::of(["sh", "-c", text].map(str::to_owned).to_vec())
    }

    #[tokio::test]
    async fn what_fails_is_quoted_and_what_takes_too_long_is_ended() {
        let (stop, long) = (Stop::new(), Duration::from_mins(1));
        run(&shell("exit 0"), long, &stop).await.unwrap();
        let failed = run(&shell("echo no such key >&2; exit 3"), long, &stop).await.unwrap_err();
        let failed = failed.to_string();
        assert!(failed.contains("exit status: 3") && failed.contains("| no such key"), "{failed}");
        let began = Instant::now();
        let late = run(&shell("sleep 600"), Duration::from_millis(50), &stop).await.unwrap_err();
        assert!(matches!(late, LabError::TooLong(..)), "{late}");
        stop.stop();
        let stopped = run(&shell("sleep 600"), long, &stop).await.unwrap_err();
        assert!(matches!(stopped, LabError::Stopped), "{stopped}");
        assert!(began.elapsed() < long);
    }
}
