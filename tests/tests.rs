//! Black-box tests of the program `espejo`: what it prints, writes and answers, seen from outside.

mod attacks;
mod browser;
mod classical;
mod commands;
#[cfg(unix)]
mod completions;
mod data;
mod defaults;
mod edges;
mod errors;
mod export;
mod figures;
mod first_use;
mod folds;
mod forecast;
mod golden;
mod hash;
mod impute;
#[cfg(unix)]
mod kill;
#[cfg(unix)]
mod limits;
mod missing_mask;
#[cfg(unix)]
mod mpi;
mod older_runs;
mod photographs;
mod program;
mod report;
mod reproduce;
mod rows;
mod runs;
mod safetensors;
mod score;
mod series;
mod supervised;
mod sweep;
mod synthetic;
#[cfg(unix)]
mod system;
mod texts;
mod threads;
mod train;
mod verdict;
