//! `--devices` and `--nodes`: one training on several devices, each with a process of its own, its *rank*.
//!
//! MPI starts the processes and carries what they tell each other: `--devices A,B` starts `mpirun -np 2` of this very command, and ranks
//! that `mpirun` or Slurm have started are found.

use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use espejo_train::{Exchange, Prepared, check_ranks, device};

use super::flags::{RunFlags, TrainArgs};
use super::shell_word;
use crate::output::{self, message, shown, usage};

/// How long a rank waits with its error: rank 0 most often has the same, tells it and ends all.
const RANK_0_FIRST: Duration = Duration::from_secs(3);
/// What mpirun heeds of its surroundings, Open MPI 4 and 5: more ranks than cores where they are asked for, no rank bound to one core, two
/// seconds to save when a job is told to stop (and as long again until a rank that waits for a dead one is ended), and waiting that gives way to whoever has work: on a busy machine an exchange takes a third of the time.
const SURROUNDINGS: [(&str, &str); 7] = [
    ("OMPI_MCA_rmaps_base_oversubscribe", "1"),
    ("OMPI_MCA_hwloc_base_binding_policy", "none"),
    ("OMPI_MCA_odls_base_sigkill_timeout", "2"),
    ("OMPI_MCA_mpi_yield_when_idle", "1"),
    ("PRTE_MCA_rmaps_default_mapping_policy", ":oversubscribe"),
    ("PRTE_MCA_hwloc_default_binding_policy", "none"),
    ("PRTE_MCA_odls_base_sigkill_timeout", "2"),
];

/// Where this process stands among those of its training.
pub struct Place {
    /// How it reaches the others.
    pub exchange: Exchange,
    /// What an MPI or Slurm says of it; none of a process that a person started.
    started: Option<Started>,
    /// MPI, until the end of the training.
    #[cfg(feature = "mpi")]
    _ranks: Option<espejo_train::Ranks>,
}

/// What the one who started it says of a rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Started {
    /// Ranks in all.
    size: usize,
    /// Which of those on its machine it is.
    local: usize,
    /// Ranks on its machine, as far as that is said.
    together: usize,
    /// Whether an MPI said so; Slurm starts what it is told to, with or without MPI.
    by_mpi: bool,
}

impl Started {
    /// What the variables of Open MPI, MPICH and Slurm say, whoever comes first; none of a process that is alone.
    fn found(variable: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        let number = |name: &str| variable(name)?.parse::<usize>().ok();
        let names = [
            ["SIZE", "LOCAL_RANK", "LOCAL_SIZE"].map(|name| format!("OMPI_COMM_WORLD_{name}")),
            ["PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS"].map(str::to_owned),
            ["STEP_NUM_TASKS", "LOCALID", "NTASKS_PER_NODE"].map(|name| format!("SLURM_{name}")),
        ];
        let found = names.iter().enumerate().find_map(|(place, names)| {
            let size = number(&names[0])?;
            let local = number(&names[1]).unwrap_or(0);
            Some(Self {
                size,
                local,
                together: number(&names[2]).unwrap_or(local + 1),
                by_mpi: place < 2,
            })
        });
        found.filter(|started| started.size > 1)
    }
}

impl Place {
    /// Joins the other ranks, where there are some.
    pub fn find(run: &RunFlags) -> anyhow::Result<Self> {
        let started = Started::found(&|name| std::env::var(name).ok());
        if !cfg!(feature = "mpi") {
            refuse_without_mpi(run, started)?;
        }
        #[cfg(feature = "mpi")]
        {
            let ranks = started.and_then(|_| espejo_train::Ranks::join());
            let exchange = ranks.as_ref().map(espejo_train::Ranks::exchange);
            let exchange = exchange.unwrap_or_default();
            if let Some(Started { size, .. }) = started.filter(|_| !exchange.is_shared()) {
                return Err(usage(
                    format!("this is one of {size} processes, and MPI sees one alone"),
                    "start them with `srun --mpi=pmix` or with the `mpirun` of the MPI that this build has",
                ));
            }
            Ok(Self {
                exchange,
                started,
                _ranks: ranks,
            })
        }
        #[cfg(not(feature = "mpi"))]
        Ok(Self {
            exchange: Exchange::Alone,
            started: None,
        })
    }

    /// The device of this rank; none where `--devices` says nothing.
    pub fn device(&self, run: &RunFlags) -> anyhow::Result<Option<String>> {
        let local = self.started.map_or(0, |started| started.local);
        match run.devices.get(local) {
            None if !run.devices.is_empty() => Err(usage(
                format!(
                    "this machine has a rank {local}, and `--devices` has {} devices",
                    run.devices.len()
                ),
                "start as many ranks on each machine as `--devices` has devices",
            )),
            device => Ok(device.cloned()),
        }
    }

    /// Whether the ranks are still to be started.
    pub fn is_to_start(&self, run: &RunFlags) -> bool {
        run.devices.len() > 1 && self.started.is_none()
    }

    /// Refuses what these ranks cannot share, and a device that two of them would have.
    pub fn check(&self, prepared: &Prepared, run: &RunFlags) -> anyhow::Result<()> {
        check_ranks(prepared, self.exchange.size())?;
        let others_here = self.started.is_some_and(|started| started.together > 1);
        if self.exchange.is_shared()
            && others_here
            && run.devices.is_empty()
            && !prepared.chosen.is_processor()
        {
            return Err(shared_device(&prepared.chosen.used));
        }
        Ok(())
    }

    /// The exit code of the training, once all ranks are done with it; an error ends them all.
    pub fn leave(self, ended: anyhow::Result<u8>) -> anyhow::Result<u8> {
        if !self.exchange.is_shared() {
            return ended;
        }
        let rank = self.exchange.rank();
        match ended {
            Ok(code) => {
                self.exchange.barrier();
                Ok(if rank == 0 { code } else { 0 })
            }
            Err(error) => {
                if rank > 0 {
                    std::thread::sleep(RANK_0_FIRST);
                    message(&format!("rank {rank}:"));
                }
                let code = output::report(&error);
                self.exchange.abort(code);
                Ok(code)
            }
        }
    }
}

/// Refuses what needs MPI, where this build has none.
fn refuse_without_mpi(run: &RunFlags, started: Option<Started>) -> anyhow::Result<()> {
    let hint = "build with `cargo build --release --features mpi`, which needs an MPI and libclang (Debian: `libopenmpi-dev openmpi-bin libclang-dev`)";
    let message = match (run.devices.is_empty(), run.nodes, started) {
        (false, ..) => "`--devices` needs the feature `mpi`, which is not in this build".to_owned(),
        (_, Some(_), _) => {
            "`--nodes` needs the feature `mpi`, which is not in this build".to_owned()
        }
        (
            _,
            _,
            Some(Started {
                size, by_mpi: true, ..
            }),
        ) => format!(
            "this is one of {size} processes of an MPI, and the feature `mpi` is not in this build: each would train a model of its own"
        ),
        _ => return Ok(()),
    };
    Err(usage(message, hint))
}

/// Starts a rank for each device, in place of this process; comes back with an error alone.
pub fn start(prepared: &Prepared, run: &RunFlags) -> anyhow::Result<u8> {
    let count = run.devices.len();
    check_ranks(prepared, count)?;
    let processors = check_devices(&run.devices)?;
    let mut command = Command::new("mpirun");
    command.arg("-np").arg(count.to_string());
    command.arg(std::env::current_exe().context("cannot find the program")?);
    command.args(std::env::args_os().skip(1));
    let unset = |name: &str| std::env::var_os(name).is_none();
    command.envs(SURROUNDINGS.into_iter().filter(|(name, _)| unset(name)));
    if processors > 0 && unset("RAYON_NUM_THREADS") {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = (cores / processors).max(1);
        command.env("RAYON_NUM_THREADS", threads.to_string());
    }
    let error = replaced_by(command);
    Err(usage(
        format!("cannot start `mpirun`: {error}"),
        "install it (Debian: `openmpi-bin`), or start the ranks with the launcher of your MPI",
    ))
}

/// Becomes another program, so that signals and the exit code are that program's; the error where it cannot.
#[cfg(unix)]
fn replaced_by(mut command: Command) -> std::io::Error {
    use std::os::unix::process::CommandExt;
    command.exec()
}

#[cfg(not(unix))]
fn replaced_by(mut command: Command) -> std::io::Error {
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => error,
    }
}

/// Refuses devices that are not there, and one for two ranks; how many are the processor, which is shared.
fn check_devices(devices: &[String]) -> anyhow::Result<usize> {
    let mut used: Vec<String> = Vec::new();
    for name in devices {
        let chosen = device::choose(name)?;
        if chosen.is_processor() {
            continue;
        }
        if used.contains(&chosen.used) {
            return Err(shared_device(&chosen.used));
        }
        used.push(chosen.used);
    }
    Ok(devices.len() - used.len())
}

fn shared_device(used: &str) -> anyhow::Error {
    usage(
        format!("two ranks of one machine would have the device {used}"),
        "give each its own, as in `--devices wgpu:0,wgpu:1`; `espejo doctor` lists them",
    )
}

/// The line that starts the training on `nodes` machines by Slurm: this command as ranks of one job, one for each device of each machine.
pub fn slurm_line(args: &TrainArgs, nodes: usize) -> anyhow::Result<String> {
    let program = std::env::current_exe().context("cannot find the program")?;
    let mut words = std::env::args().skip(1);
    let mut kept = vec![shown(&program)];
    while let Some(word) = words.next() {
        match word.as_str() {
            "--nodes" => drop(words.next()),
            word if word.starts_with("--nodes=") => {}
            word => kept.push(word.to_owned()),
        }
    }
    let kept: Vec<String> = kept.iter().map(|word| shell_word(word)).collect();
    let each = args.run.devices.len().max(1);
    let step = format!("srun --mpi=pmix {}", kept.join(" "));
    Ok(format!(
        "sbatch --nodes={nodes} --ntasks-per-node={each} --signal=TERM@60 --wrap={}\n",
        shell_word(&step)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variables: &[(&str, &str)], expected: Option<Started>) {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        assert_eq!(Started::found(&variable), expected, "{variables:?}");
    }

    #[test]
    fn ranks_are_found_by_what_started_them() {
        let started = |size, local, together, by_mpi| {
            Some(Started {
                size,
                local,
                together,
                by_mpi,
            })
        };
        check(&[], None);
        check(&[("OMPI_COMM_WORLD_SIZE", "1")], None);
        let open = [
            ("OMPI_COMM_WORLD_SIZE", "4"),
            ("OMPI_COMM_WORLD_LOCAL_RANK", "1"),
            ("OMPI_COMM_WORLD_LOCAL_SIZE", "2"),
        ];
        check(&open, started(4, 1, 2, true));
        check(
            &[("PMI_SIZE", "2"), ("PMI_RANK", "1")],
            started(2, 0, 1, true),
        );
        let slurm = [("SLURM_STEP_NUM_TASKS", "3"), ("SLURM_LOCALID", "2")];
        check(&slurm, started(3, 2, 3, false));
        // A script of Slurm that starts one process after the other has tasks, and is no step of them.
        check(&[("SLURM_NTASKS", "3"), ("SLURM_PROCID", "0")], None);
    }
}
