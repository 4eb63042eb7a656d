//! Sweeps that GNU parallel or Slurm run: their scripts, which start `espejo sweep run DIR N` for each task.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::str::FromStr;

use anyhow::Context;
use serde_json::json;

use super::folder::SweepFolder;
use crate::commands::train::shell_word;
use crate::output::{self, message, shown, usage};

/// Who runs the tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Engine {
    /// This program, on this machine.
    Local,
    /// GNU parallel.
    Parallel,
    /// Slurm, so many tasks at a time where a number is given.
    Slurm(Option<usize>),
}

impl FromStr for Engine {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong =
            || "expected `local`, `parallel`, `slurm` or `slurm:K`, K tasks at a time".to_owned();
        match text.split_once(':') {
            None if text == "local" => Ok(Self::Local),
            None if text == "parallel" => Ok(Self::Parallel),
            None if text == "slurm" => Ok(Self::Slurm(None)),
            Some(("slurm", count)) => match count.parse() {
                Ok(count) if count > 0 => Ok(Self::Slurm(Some(count))),
                _ => Err(wrong()),
            },
            _ => Err(wrong()),
        }
    }
}

/// Tasks of one Slurm array, at most: a Slurm as it comes takes indices below 1,001.
const ARRAY: usize = 1000;

/// Scripts that were written, with the command that starts each.
pub struct Script {
    files: Vec<PathBuf>,
    program: &'static str,
    package: &'static str,
}

impl Script {
    /// Writes the scripts of an engine into the folder of a sweep.
    pub fn write(sweep: &SweepFolder, engine: &Engine) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("cannot find the program")?;
        let program = shell_word(&shown(&program));
        let dir = sweep.absolute()?;
        let count = sweep.plan.len();
        match engine {
            Engine::Local | Engine::Parallel => {
                let text = parallel(&program, &dir, count);
                let files = vec![sweep.write("parallel.sh", &text)?];
                Ok(Self {
                    files,
                    program: "sh",
                    package: "parallel",
                })
            }
            Engine::Slurm(at_once) => {
                let scripts = arrays(count).into_iter().enumerate();
                let whole = count <= ARRAY;
                let files = scripts.map(|(place, (offset, length))| {
                    let name = match whole {
                        true => "sweep.sbatch".to_owned(),
                        false => format!("sweep-{}.sbatch", place + 1),
                    };
                    sweep.write(&name, &slurm(&program, &dir, offset, length, *at_once))
                });
                let files = files.collect::<anyhow::Result<_>>()?;
                Ok(Self {
                    files,
                    program: "sbatch",
                    package: "slurm-client",
                })
            }
        }
    }

    /// Starts the scripts, or says how to.
    pub fn end(&self, submit: bool, as_json: bool) -> anyhow::Result<u8> {
        let lines: Vec<String> = self
            .files
            .iter()
            .map(|file| format!("{} {}", self.program, shell_word(&shown(file))))
            .collect();
        if submit {
            for file in &self.files {
                let code = self.start(file)?;
                if code != 0 {
                    return Ok(code);
                }
            }
        }
        if as_json {
            output::json(
                &json!({ "scripts": self.files, "commands": lines, "submitted": submit }),
            )?;
        } else if !submit {
            message("start the tasks with");
            output::text(
                &lines
                    .iter()
                    .map(|line| format!("{line}\n"))
                    .collect::<String>(),
            )?;
        }
        Ok(0)
    }

    /// Runs one script to its end; of `sbatch` that is when the job is queued.
    fn start(&self, file: &PathBuf) -> anyhow::Result<u8> {
        let mut command = Command::new(self.program);
        let started = command.arg(file).stdin(Stdio::null()).status();
        let status = started.map_err(|error| {
            usage(
                format!("cannot start `{}`: {error}", self.program),
                format!(
                    "install it (Debian: `{}`), or start the script where it is",
                    self.package
                ),
            )
        })?;
        Ok(status
            .code()
            .and_then(|code| u8::try_from(code).ok())
            .unwrap_or(1))
    }
}

/// The arrays that so many tasks need: the number before the first task of each, and how many it has.
fn arrays(count: usize) -> Vec<(usize, usize)> {
    let starts = (0..count).step_by(ARRAY);
    starts
        .map(|offset| (offset, ARRAY.min(count - offset)))
        .collect()
}

/// GNU parallel: one task a core, those that ended well not again, each on one thread.
fn parallel(program: &str, dir: &str, count: usize) -> String {
    let log = shell_word(&format!("{dir}/parallel.log"));
    let dir = shell_word(dir);
    format!(
        "#!/bin/sh\n\
         # Runs the tasks of a sweep with GNU parallel, one a core; start it again to go on. Options go through, as in `--jobs 4`.\n\
         export RAYON_NUM_THREADS=\"${{RAYON_NUM_THREADS:-1}}\"\n\
         exec parallel --joblog {log} --resume-failed \"$@\" {program} sweep run {dir} '{{}}' ::: $(seq 1 {count})\n"
    )
}

/// A Slurm array: requeued where a machine fails, told a minute before its time is up.
fn slurm(program: &str, dir: &str, offset: usize, length: usize, at_once: Option<usize>) -> String {
    let limit = at_once.map_or(String::new(), |count| format!("%{count}"));
    let number = match offset {
        0 => "\"$SLURM_ARRAY_TASK_ID\"".to_owned(),
        offset => format!("\"$((SLURM_ARRAY_TASK_ID + {offset}))\""),
    };
    let dir_word = shell_word(dir);
    format!(
        "#!/bin/sh\n\
         #SBATCH --job-name=espejo-sweep\n\
         #SBATCH --array=1-{length}{limit}\n\
         #SBATCH --cpus-per-task=1\n\
         #SBATCH --requeue\n\
         #SBATCH --open-mode=append\n\
         #SBATCH --signal=B:TERM@60\n\
         #SBATCH --output={dir}/tasks/slurm-%A_%a.log\n\
         # Submit it again to go on: tasks that are done end at once.\n\
         export RAYON_NUM_THREADS=\"${{SLURM_CPUS_PER_TASK:-1}}\"\n\
         exec {program} sweep run {dir_word} {number}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_are_read() {
        assert_eq!("slurm:8".parse(), Ok(Engine::Slurm(Some(8))));
        assert_eq!("slurm".parse(), Ok(Engine::Slurm(None)));
        assert_eq!("parallel".parse(), Ok(Engine::Parallel));
        for wrong in ["slurm:0", "slurm:x", "pbs", "local:2", ""] {
            assert!(wrong.parse::<Engine>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn arrays_stay_below_the_usual_limit() {
        assert_eq!(arrays(6), [(0, 6)]);
        assert_eq!(arrays(1000), [(0, 1000)]);
        assert_eq!(arrays(1200), [(0, 1000), (1000, 200)]);
        let script = slurm("espejo", "/a", 1000, 200, Some(4));
        assert!(script.contains("--array=1-200%4\n"), "{script}");
        assert!(
            script.ends_with("sweep run /a \"$((SLURM_ARRAY_TASK_ID + 1000))\"\n"),
            "{script}"
        );
    }
}
