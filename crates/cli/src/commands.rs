//! The commands, one a file.

pub mod animate;
pub mod cluster;
pub mod compare;
pub mod data;
pub mod decode;
pub mod denoise;
pub mod doctor;
pub mod encode;
pub mod eval;
pub mod export;
pub mod forecast;
pub mod generate;
pub mod hash;
pub mod impute;
pub mod inspect;
pub mod latent;
pub mod morph;
pub mod neighbours;
pub mod predict;
pub mod reconstruct;
pub mod report;
pub mod reproduce;
pub mod runs;
pub mod score;
pub mod sweep;
pub mod train;
