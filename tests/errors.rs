//! Every way to be refused: the exit code, one error, its hint, and nothing written.

use std::fs;

use crate::program::{Ran, Room};

/// One case a line: what is in the room | what is run | exit code | what the error says | what the hint says.
///
/// The error and the hint hold these words; after `=` they are exactly these. `SUM` stands for any SHA-256.
const CASES: &str = r#"
- | zzz | 2 | unrecognized subcommand 'zzz' |
- | train --zzz | 2 | unexpected argument '--zzz' |
- | completions zzz | 2 | invalid value 'zzz' |
- | train bogus | 2 | =no preset, data set, folder or file `bogus` | accepted: `letters`, `glyphs`, `letters-dae`, `letters-vae`, `s2`, `s3`, `s4`, `s5`
- | train letter | 2 | =no preset, data set, folder or file `letter` | did you mean `letters`? accepted: `letters`, `glyphs`
- | train --data font | 2 | no data set `font`: expected `fonts`, `fonts:1`, `fonts:2`, `fonts:3`, `fonts:all`, `lorenz`, `logistic-map` | =did you mean `fonts`?
- | reproduce S99 | 2 | =no row `S99` to reproduce | accepted: `all`, `S1`, `S2`
- | reproduce S1 --page .. | 2 | =`--page ..` names no file | =give a file, as `--page docs/reproduction.md`
- | data show zzz | 2 | no data set `zzz` | `espejo data list`
- | train --model zzz | 2 | =`--model` is `zzz`, expected one of `ae`, `dae`, `vae`, `classifier`, `regressor` |
- | train --model clasifier | 2 | `--model` is `clasifier` | =did you mean `classifier`?
- | train --set model.kind=gan | 2 | =`model.kind` in `--set model.kind=gan` is `gan`, expected one of `ae`, `dae`, `vae`, `classifier`, `regressor` |
- | train --optimizer adamm | 2 | `--optimizer` is `adamm`, expected one of `adam`, | =did you mean `adam`?
- | train --activation rellu | 2 | `--activation` is `rellu`, expected one of `linear`, | =did you mean `relu`?
- | train --split tim | 2 | =`--split` is `tim`, expected `random` or `time` | =did you mean `time`?
- | train --epochs ten | 2 | =invalid value 'ten' for '--epochs <N>': expected a whole number, as in `10` | =`--help` says what `--epochs` takes
- | train --epochs 1.5 | 2 | =invalid value '1.5' for '--epochs <N>': expected a whole number | `--help`
- | train --lr abc | 2 | =invalid value 'abc' for '--lr <RATE>': expected a number, as in `0.01` | =`--help` says what `--lr` takes
- | train --header maybe | 2 | invalid value 'maybe' for '--header |
- | generate last --count x | 2 | invalid value 'x' for '--count <N>': expected a whole number | `--help`
- | train --loss zzz | 2 | expected one of `bce`, `mse`, |
- | train --activation zzz | 2 | expected one of `linear`, `relu`, |
- | train --optimizer zzz | 2 | expected one of `adam`, `adamw`, `rmsprop`, `sgd`, `momentum` |
- | train --schedule zzz | 2 | expected one of `constant`, `cosine`, `step`, `plateau` |
- | train --model dae --noise foo:1 | 2 | =unknown noise `foo`, expected one of `none`, `salt-pepper`, `flip`, `mask`, `ones`, `gaussian`, `uniform`, `cauchy` | =as in `--noise salt-pepper:.1`
- | train --model dae --noise flipp:.1 | 2 | unknown noise `flipp` | =did you mean `--noise flip:.1`?
- | train --model dae --noise zzz | 2 | expected one of `none`, `salt-pepper`, `flip`, |
- | train --model dae --noise flip:7 | 2 | `flip:7` needs a probability from 0 to 1 |
- | train --model dae --noise flip:nan | 2 | `flip:nan` needs a probability from 0 to 1 |
- | train --model dae --noise gaussian:-1 | 2 | `gaussian:-1` needs |
- | train --device zzz | 2 | =unknown device `zzz` | =accepted: `auto`, `gpu`, `cpu`, `wgpu`, `wgpu:N`, `flex`, `ndarray`, `cuda`
- | train --device wgpu:x | 2 | unknown device `wgpu:x` | accepted: `auto`,
- | train --device wgpu:99 | 4 | device `wgpu |
- | train --set zzz | 2 | =`--set zzz` needs the form `section.key=value` | =as in `--set train.epochs=100`
- | train --set zzz.epochs=1 | 2 | unknown section `zzz` | accepted: `data`, `model`, `objective`, `noise`, `augment`, `train`
- | train --set train.epoch=1 | 2 | =unknown key `train.epoch` in `--set train.epoch=1` | did you mean `epochs`? accepted: `epochs`, `batch_size`,
- | train --set train.zzz=1 | 2 | unknown key `train.zzz` | accepted: `epochs`,
- | train --set train.epochs=many | 2 | `train.epochs` in |
- | train --set model.layers=25 | 2 | `model.layers` in |
- | train --config absent.toml | 2 | cannot read `absent.toml` | `--config` takes a file
- | train --config . | 2 | cannot read `.` | `--config` takes a file
text a.toml ][ | train --config a.toml | 2 | `a.toml` is not TOML |
text a.toml train.learning_rat = 1 | train --config a.toml | 2 | =unknown key `train.learning_rat` in `a.toml` | did you mean `learning_rate`? accepted:
text a.toml version = 3 | train --config a.toml | 2 | has version 3, expected 1 or 2 | another version of espejo
text a.toml train.epochs = "x" | train --config a.toml | 2 | `train.epochs` in |
text a.toml train = 1 | train --config a.toml | 2 | must be a section, `[train]` |
- | train --layers 35,0,35 | 2 | `--layers`, value 2: layer size 0, expected 1 to |
- | train --layers 35,25,2,25,36 | 2 | `--layers 35,25,2,25,36` begins with 35, the size of a sample, and is no whole list | did you mean `--layers 35,25,2,25,35`? Hidden sizes alone
- | train --layers 25,2,25,35 | 2 | `--layers 25,2,25,35` ends with 35 | did you mean `--layers 35,25,2,25,35`?
- | train --layers 35,12 | 2 | begins with 35 | did you mean `--layers 35,12,35`?
- | train --layers a,b | 2 | `--layers a,b`: `a` is not a size | as in `--layers 35,25,2,25,35`
- | train --layers 36,2,36 | 2 | start and end with 36, but a sample has 35 values | starts and ends with 35
- | train --layers 35,2,35 --latent 3 | 2 | `latent` is 3, but the bottleneck of layers [35, 2, 35] is 2 | leave `--latent` out
- | train --layers 35,2,9,2,35 | 2 | no single narrowest layer | `--latent N`
- | train --latent 0 | 2 | `model.latent` is 0, expected 1 to |
- | train --epochs 0 | 2 | `train.epochs` is 0, expected 1 or more |
- | train --lr=-1 | 2 | `train.learning_rate` is -1, expected a number above 0 |
- | train --lr -1 | 2 | `train.learning_rate` is -1, expected a number above 0 |
- | train --lr nan | 2 | `train.learning_rate` is NaN, expected a number above 0 |
- | train --beta 4 | 2 | =`--beta` is for a `vae`, and this is `ae` | =add `--model vae`, or leave it out
- | train --model dae --kl-warmup 5 | 2 | =`--kl-warmup` is for a `vae`, and this is `dae` | `--model vae`
- | train --copies 0 | 2 | =`--copies` is for a denoising model, and this is `ae` | `--model dae`
- | train --kernel 3 | 2 | =`--kernel` is for convolutional nets | =add `--conv 32,16`, or leave it out
- | train --down pool | 2 | =`--down` is for convolutional nets | `--conv 32,16`
- | train --up upsample | 2 | =`--up` is for convolutional nets | `--conv 32,16`
- | train --gradient exact | 2 | `--gradient` is for training in double precision, and `adam` trains in single | `--optimizer bfgs`
- | train --optimizer lbfgs --lr .1 | 2 | `--lr` is for optimisers that have a learning rate, and `lbfgs` finds its steps itself | leave it out
- | train --optimizer rprop --batch-size 4 | 2 | `--batch-size` is for optimisers that go step by step | leave it out
- | train --split random | 2 | `--split` is for taking a test part | as in `--test-fraction .2`
- | train --samples-every 5 --no-figures | 2 | `--samples-every` is for the figures that `--no-figures` leaves out | leave one of them out
- | train --header true | 2 | =`--header` is for tables, and these are images | =leave it out
- | train --window 5 | 2 | `data.window` is for the rows of a table, and these are images |
- | train --pixel-range 0,16 | 2 | `--pixel-range` is for files of images | leave it out
- | train lorenz --pixel-range 0,16 | 2 | =`--pixel-range` is for images, and this is a table | leave it out
- | train lorenz --samples-every 5 | 2 | `--samples-every` is for figures of images | leave it out
- | train lorenz --grey | 2 | `grey` of `lorenz`: expected a set of images, found a table |
- | train --model vae --beta -1 | 2 | `objective.beta` is -1, expected 0 or more |
- | train --set objective.sparsity=1 | 2 | `objective.sparsity` needs codes between 0 and 1 | model.latent_activation=sigmoid
- | train --model vae --set objective.contractive=1 | 2 | `objective.contractive` is for `ae` and `dae` | `--beta`
- | train --noise flip:.1 | 2 | noise is for a denoising model, and this is `ae` | `--model dae`
- | train --model dae --noise none --copies 3 | 2 | `noise.copies` without noise |
- | train --model dae --copies 1000000000000000 --epochs 1 | 2 | copies` |
- | train --layers 1048576,1048576 | 2 | weights, expected at most | smaller `--layers`
- | train --set model.output_activation=linear | 2 | loss `bce` needs output activation `sigmoid`, not `linear` | `--loss mse`
- | train --optimizer bfgs --precision single | 2 | =`train.precision` is `single`, and `bfgs` trains in double precision | =leave `--precision` out
- | train --optimizer rmsprop --precision double | 2 | =`rmsprop` trains in single precision alone | leave `--precision` out
- | train --precision quarter | 2 | =`--precision` is `quarter`, expected one of `single`, `double`, `half` |
- | train --precision half --device cpu | 4 | is a processor, which has no faster products of 16 bits | =leave `--precision` out, or take a graphics card that has them: `espejo doctor` says which do
- | train --gradient zzz | 2 | expected `exact` or `finite` |
- | train --max-evaluations 500 | 2 | =`train.max_evaluations` is for training in double precision, and `adam` trains in single | =add `--precision double`, or take an optimiser such as `--optimizer bfgs`
- | train --optimizer adamw --max-evaluations 500 | 2 | `adamw` trains in single | =take an optimiser such as `--optimizer bfgs`
- | train --max-iterations 5 | 2 | `train.max_iterations` is for training in double precision | `--epochs` bounds what trains in single precision
- | train --gradient finite | 2 | `train.gradient` is for training in double precision | =take an optimiser such as `--optimizer bfgs`
- | train --optimizer powell --gradient finite | 2 | =`powell` uses no gradient | leave `--gradient` out
- | train --optimizer nelder-mead --gradient finite | 2 | =`nelder-mead` uses no gradient | =leave `--gradient` out, or take `--optimizer bfgs`
- | train --optimizer bfgs --max-evaluations 0 | 2 | =`train.max_evaluations` is 0, expected 1 or more |
- | train --optimizer bfgs --max-iterations 0 | 2 | =`train.max_iterations` is 0, expected 1 or more |
- | train --optimizer adaptive --set train.adaptive_lower=1 | 2 | =`train.adaptive_lower` is 1, expected 0 or more and under 1 |
- | train --optimizer adaptive --set train.adaptive_raise=-1 | 2 | =`train.adaptive_raise` is -1, expected 0 or more |
- | train --optimizer bfgs --schedule cosine | 2 | `train.schedule` is for single precision | =add `--schedule constant`
- | train --optimizer bfgs --set train.clip_norm=1 | 2 | `train.clip_norm` is for single precision | leave it out
- | train --optimizer bfgs --model vae | 2 | =`bfgs` in double precision trains `ae` and `dae`, and this is `vae` | take `--optimizer adam`
- | train --optimizer bfgs --conv 4 | 2 | trains dense nets, and this has convolutions | leave `--conv` out
- | train --optimizer bfgs --set objective.weight_decay=.1 | 2 | =`objective.weight_decay` is for single precision, and `bfgs` trains in double | leave it out
- | train --optimizer bfgs --model dae | 2 | needs noise that stays | =add `--copies 10`: so many noisy copies of each sample, drawn once
- | train --optimizer bfgs --layers 4000 | 2 | `bfgs` keeps 304037 x 304037 numbers | take `--optimizer lbfgs` or `cg`
- | train --optimizer lbfgs --model dae --copies 200000 | 2 | samples take 1709 MiB in double precision, expected at most 1024 | `--limit`
- | train --letters Aa | 2 | no glyph `a` in `fonts`, which has @ A B | `fonts:all` has every letter
- | train --letters ABA | 2 | expected each letter once, found `A` again |
- | train --letters= | 2 | expected at least one letter |
- | train --first 0 | 2 | expected 1 to 32 samples, found 0 |
- | train --first 33 | 2 | expected 1 to 32 samples, found 33 |
- | train --fraction 0 | 2 | expected a number above 0 and up to 1, found 0 | `first` takes a number
- | train --fraction 1.5 | 2 | expected a number above 0 and up to 1, found 1.5 | `first` takes a number
- | train --conv 32,x | 2 | `--conv 32,x` cannot be read: `x` is no step | give the channels of each level (`--conv 32,16`)
- | train --conv pool,3 | 2 | `--conv pool,3` cannot be read | with a `/` where the code is
- | train --conv 8/8,1,pool | 2 | =`--conv 8/8,1,pool` leads from 1x7x5 to 1x4x3 | with a `/` where the code is
- | train --conv 8,pool/up,8,2 | 2 | leads from 1x7x5 to | with a `/` where the code is
- | train --conv 4//4 | 2 | cannot be read | `--conv 32,16`
- | train --conv= | 2 | cannot be read | `--conv 32,16`
- | train --conv 4097 | 2 | expected channels of 1 to 4096 | `--conv 32,16`
- | train --conv 4 --kernel 2 | 2 | =`model.kernel` is 2, expected an odd number of 1 to 15 |
- | train --conv 4 --kernel 17 | 2 | =`model.kernel` is 17, expected an odd number of 1 to 15 |
- | train --batch-norm | 2 | =`--batch-norm` is for convolutional nets | add `--conv 32,16`
- | train --conv 4 --latent 0 --layers 8 | 2 | `model.layers` needs a dense bottleneck | `--latent N`
- | train --conv pool/up --down stride | 2 | are for mirrored nets | write `32s` to halve
- | train --conv 4 --down zzz | 2 | expected `pool` or `stride` |
- | train --conv 4 --up zzz | 2 | expected `upsample` or `transpose` |
- | train --conv 4 --set objective.contractive=1 | 2 | =`objective.contractive` is for dense encoders | leave it out
- | train --size 9x9 | 2 | `size` of `fonts` |
- | train --size 9 | 2 | =`data.size` is `9`, expected height and width | =did you mean `--size 9x9`?
- | train --size small | 2 | =`data.size` is `small`, expected height and width | =as in `--size 50x37`
- | train --subject 1 | 2 | `subject` of `fonts`: expected the set `yale` |
- | train --label 1 | 2 | `label` of `fonts`: expected a `.csv` |
- | train --classes zzz | 2 | `classes` of `fonts` |
- | train --limit 0 | 2 | =`limit` of `fonts`: expected at least 1 sample, found 0 |
- | train --test-fraction 1 | 2 | `test_fraction` of `fonts`: expected a number above 0 and under 1, found 1 |
- | train --test-fraction nan | 2 | above 0 and under 1, found NaN |
- | train --scale min-max | 2 | =`data.scale` is for tables, and these are images | leave it out
- | train --device-memory 0 | 2 | `train.device_memory` is 0 |
- | train mnist --data-dir absent | 3 | `mnist` is not in ` | `espejo data fetch mnist` gets them: `train-images-idx3-ubyte.gz`
- | train yale --data-dir absent | 3 | `yale` is not in ` | `espejo data fetch yale`
- | train cifar10 --data-dir absent | 3 | `cifar10` is not in ` | `espejo data fetch cifar10`
- | train satimage --data-dir absent | 3 | `satimage` is not in ` | `espejo data fetch satimage`
folder plain | train plain | 3 | plain`: expected images, with names in `.png`, |
text a.csv 1,inf,3 | train a.csv | 3 | a.csv:1`: expected a finite number in column `2`, found `inf` |
text a.csv | train a.csv | 3 | a.csv`: expected a table of numbers, found an empty file |
text a.npy zzz | train a.npy | 3 | a.npy`: expected |
- | data fetch zzz | 2 | no data set `zzz`: expected `fonts`, | =`espejo data list` shows what each data set holds
- | data fetch fashoin | 2 | no data set `fashoin` | =did you mean `fashion`?
- | data verify zzz | 2 | no data set `zzz` | `espejo data list`
- | data verify mnist --data-dir absent | 3 | there is no `train-images-idx3-ubyte.gz` | =`espejo data fetch mnist` gets what is missing
small | train --name small | 2 | =run `runs/small` exists already | =runs are never overwritten: choose another `--name`, or go on with `--resume runs/small`
- | train --name a/b | 2 | `a/b` cannot name a run | use a plain name
- | train --name last | 2 | `last` cannot name a run | use a plain name
- | train --seed 18446744073709551615 | 2 | `--seed` is too large | at most 9223372036854775807
- | train --seed 18446744073709551616 | 2 | too large |
- | train --seed=-1 | 2 | invalid value '-1' for '--seed |
text file x | train --out file/below | 1 | cannot create `file/below` |
- | eval absent | 2 | =no run `absent` | =give a run folder, a name below `runs` or its beginning, or `last`; `espejo runs` lists the runs
- | eval last | 2 | =no run in `runs` yet | =train one with `espejo train`, or name the folder with `--out DIR`
- | train --resume last | 2 | no run in `runs` yet | `espejo train`
folder plain | eval plain | 5 | =`plain`: is no run folder: it has no `config.toml` |
small; text runs/small/config.toml ][ | eval small | 5 | `runs/small/config.toml` |
small; text runs/small/config.toml zzz.a = 1 | eval small | 5 | `runs/small/config.toml` |
small; text runs/small/config.toml version = 3 | eval small | 5 | `runs/small/config.toml` |
small; cut runs/small/run.json | eval small | 5 | `runs/small/run.json`: damaged |
small; text runs/small/run.json [] | inspect small | 5 | =`runs/small/run.json`: damaged: no JSON object |
small; cut runs/small/checkpoints/best/model.safetensors | eval small | 5 | model.safetensors`: damaged | `--checkpoint last`
small; flip runs/small/checkpoints/best/model.safetensors | eval small | 5 | =`runs/small/checkpoints/best/model.safetensors`: damaged: its SHA-256 is SUM, expected SUM | =the other checkpoint of the run may be whole: `--checkpoint last` or `--checkpoint best`
small; flip runs/small/checkpoints/last/model.safetensors | train --resume small --epochs 40 | 5 | last/model.safetensors`: damaged | the other checkpoint
small; flip runs/small/checkpoints/best/course.json | encode small | 5 | best/course.json`: damaged |
small; flip runs/small/checkpoints/best/SHA256SUMS | encode small | 5 | `runs/small/checkpoints/best/ |
small; flip runs/small/checkpoints/last/optimizer.safetensors | train --resume small --epochs 40 | 5 | last/optimizer.safetensors`: damaged |
small; remove runs/small/checkpoints/best/model.safetensors | eval small | 5 | best/model.safetensors` |
small; remove runs/small/checkpoints | eval small | 5 | `runs/small/checkpoints/best`: no checkpoint here |
small; swap [25] [24] runs/small/config.toml | eval small | 5 | tensor `encoder.0.weight` has shape [25, 35], expected [24, 35] | its `config.toml` describes another model
small; twelve; remove runs/small/checkpoints; move runs/twelve/checkpoints runs/small/checkpoints | eval small | 5 | tensor `encoder.1.weight` has shape [12, 25], expected [2, 25] | copied from another run
small | eval small --device zzz | 2 | unknown device `zzz` | accepted: `auto`,
small | train --resume small | 2 | =run `runs/small` is complete: 20 epochs | =`--epochs 40` would resume it; `espejo eval runs/small` draws its figures
small | train --resume small --layers 9 | 2 | a resumed run keeps its `model.layers` | may change; start a new run for anything else
small | train --resume small --config a.toml | 2 | cannot be used with |
small | morph small A a | 2 | =no image `a` in this run | this run has 32 images, `#0` to `#31`: @ A B
small | morph small A B --steps 1 | 2 | `--steps` is 1 | give 2 to
small | generate small --at 1 | 2 | `--at 1` is not a latent code of this run | give 2 numbers with commas
small | generate small --at 1,nan | 2 | `--at 1,nan` is not a latent code of this run | give 2 numbers with commas
small | generate small --count 0 | 2 | `--count` is 0 | give 1 to
small | latent small --grid 0x3 | 2 | `--grid 0x3` is not a grid | as in `--grid 15x15`
small | latent small --range 2,-2 | 2 | `--range 2,-2` is not a range | as in `--range=-2,2`
small | denoise small --noise bogus | 2 | unknown noise `bogus` | `--noise salt-pepper:.1`
small | denoise small --noise flip:.1 --copies 0 | 2 | `--copies` is 0 | give 1 or more
small | denoise small --noise flip:.1 --copies 1000000000000000 | 2 | `--copies` is 1000000000000000 | give 1
small | encode small --sample | 2 | only a `vae` has a posterior | `--sample`
small | reconstruct small --letters a | 2 | no glyph `a` | `fonts:3`
small | animate small --fps 0 | 2 | `--fps` is 0 | give 0.1 to 50
small | animate small --walk zzz | 2 | invalid value 'zzz' for '--walk |
small | animate small --walk loop --frames 1 | 2 | =`--frames` is 1 | =give 2 to 2000
small | encode small --part zzz | 2 | expected `train`, `test` or `all` |
small | encode small --seed 3 | 2 | required arguments were not provided |
small | animate small --frames 3 | 2 | required arguments were not provided |
small | generate small --at 1,2 --seed 3 | 2 | cannot be used with |
small | score small --draws 3 | 2 | =`--draws` is for `elbo` and `iw-bound`, and this is `squared-error` | `--score elbo`
small | eval small --checkpoint 7 | 5 | =`runs/small/checkpoints/epoch-000007`: no checkpoint here | kept are `--checkpoint best`, `last`; a run keeps
twelve | latent twelve --grid 3x3 | 2 | `--grid` and `--range` are of no use for this run: its latent code has 12 dimensions | `--traverse`
small | latent small --steps 5 | 2 | required arguments were not provided |
small | latent small --traverse --steps 1 | 2 | =`--steps` is 1 | =give 2 to 100
small | latent small --traverse --around zzz | 2 | no sample `zzz` |
small | reconstruct small --csv a.csv | 2 | =`--csv` is for tables, and these are images | leave it out
small | encode small --limit 0 | 2 | =`--limit` is 0 | =give 1 or more
small | encode small --data absent.csv | 3 | =cannot read `absent.csv`: there is no such file or folder | a path is taken from the current folder, `
small | encode small --data runs/small/config.tml | 3 | there is no such file or folder | =did you mean `runs/small/config.toml`?
small | score small --calibrate absent.csv | 3 | =cannot read `absent.csv`: there is no such file or folder | current folder
small | encode small --data runs/small | 3 | =`runs/small`: expected a folder of images, or of files of numbers, found the folder of a run (`espejo train --resume` goes on with it, `--config` repeats its `config.toml`) |
small | train runs/small --name other | 3 | found the folder of a run |
small | decode small --codes absent.csv | 3 | cannot read `absent.csv` | current folder
- | data show absent.csv | 3 | cannot read `absent.csv` | current folder
- | train absent.csv | 3 | =cannot read `absent.csv`: there is no such file or folder | current folder
- | train absent/photo.jpg | 3 | cannot read `absent/photo.jpg` | =there is no folder `absent` either
- | train --data absent.npz | 3 | cannot read ` | current folder
text a.png x | train a.png | 2 | a.png` is a single image, and a model learns from many | give the folder with the images, as in `espejo train
text a.toml x | train a.toml | 3 | found `.toml`, a configuration, which `espejo train --config FILE` takes |
text a.csv 1,2 | eval a.csv | 2 | =`a.csv` is a file, and no run | =name the run first, as in `espejo encode last --data a.csv`
folder plain | encode plain | 5 | =`plain`: is no run folder: it has no `config.toml` | as in `espejo encode last --data plain`
small | encode small --first 33 | 2 | =`--first` is 33 | =give 1 to 32
twelve | animate twelve --walk spiral | 2 | =the latent code of this run has 12 dimensions | =a spiral needs 2 dimensions; use `--walk loop`, which needs any number
twelve | animate twelve | 2 | the latent code of this run has 12 dimensions | `--walk loop`
- | sweep letters | 2 | =nothing is varied | add `--vary`, as in
- | sweep letters --vary latent=2 | 2 | =`--vary latent=2` needs the form `section.key=value` | as in `--vary
- | sweep letters --vary latent | 2 | =`--vary latent` needs the form `section.key=values` | as in `--vary model.latent=2,8,32`
- | sweep letters --vary model.latnt=2,3 | 2 | =unknown key `model.latnt` in `--vary model.latnt=2` | did you mean `latent`?
- | sweep letters --vary model.latent=2,two | 2 | =`model.latent` in `model.latent=two` is `two`, expected a whole number of 0 or more |
- | sweep letters --vary model.latent=2,2 | 2 | =`model.latent` has the value 2 twice | give each value once
- | sweep letters --vary train.seed=5..1 | 2 | is no range of up to 100000 whole numbers | the lower end first
- | sweep letters --vary train.learning_rate=0.1..0.2 | 2 | `train.learning_rate` is varied over a range of fractions | `--random 20`
- | sweep letters --vary train.seed=1..3 --random 2 | 2 | `--random` draws settings, and nothing but the seed is varied | add `--vary`
- | sweep letters --vary model.latent=1,2 --random 3 | 2 | =there are hardly 3 settings that differ | `--random 2` finds as many
- | sweep letters --vary model.latent=1,2 --halving 3 | 2 | =`--halving 3` needs 3 settings or more, and there are 2 | seeds are no settings
- | sweep letters --vary model.latent=1,2 --halving 2 --on slurm | 2 | =`--halving` compares tasks while they run, which this machine does alone | leave `--on` out
- | sweep letters --vary model.latent=1,2 --halving 2 --optimizer bfgs | 2 | which double precision cannot | `--optimizer adam`
- | sweep letters --vary model.latent=1,2 --submit | 2 | =`--submit` starts the scripts of another engine | add `--on parallel`
- | sweep letters --vary model.latent=1,2 --on pbs | 2 | invalid value 'pbs' for '--on |
- | sweep letters --vary model.latent=1,2 --jobs 0 | 2 | =`--jobs` is 0 | expected 1 or more
- | sweep letters --vary model.latent=1,2 --device wgpu:99 | 4 | device `wgpu |
- | sweep absent.toml --seeds 2 | 3 | cannot read `absent.toml` | current folder
text a.toml sweep = 1 | sweep a.toml | 2 | =`sweep` in `a.toml` must be a section, `[sweep]` | accepted: `preset`, `seeds`, `grid`
text a.toml sweep.seed = 1 | sweep a.toml | 2 | =unknown key `sweep.seed` in `a.toml` | accepted: `preset`, `seeds`, `grid`
- | sweep run absent | 2 | `absent` is no folder of a sweep | `espejo sweep PRESET --vary
- | sweep status absent | 2 | `absent` is no folder of a sweep |
small | sweep letters --vary model.latent=1,2 --out runs/small | 2 | =`runs/small` is the folder of a run | choose another folder
- | sweep letters --vary model.latent=1,2 --beta 0.5 | 2 | `--beta` is |
- | sweep lorenz --vary model.latent=1,2 --samples-every 5 | 2 | `--samples-every` is for figures of images | leave it out
small | compare small | 2 | =there is one run, and nothing to compare it with | name several
- | compare a b | 2 | =no run `a` |
small | compare small --to a.jpg | 2 | =`--to` is `a.jpg` | =give a file ending in `.csv`, `.png` or `.svg`
"#;

/// Makes the room of a case: runs and files, and what is wrong with them.
fn furnish(room: &Room, step: &str) {
    let path = |name: &str| room.path(name);
    match *step.split_whitespace().collect::<Vec<_>>() {
        ["-"] => {}
        ["small"] => drop(room.train("small", &[])),
        ["twelve"] => drop(room.train("twelve", &["--latent", "12"])),
        ["folder", name] => fs::create_dir(path(name)).expect("writable"),
        ["remove", name] if path(name).is_dir() => fs::remove_dir_all(path(name)).expect("there"),
        ["remove", name] => fs::remove_file(path(name)).expect("there"),
        ["move", from, to] => fs::rename(path(from), path(to)).expect("there"),
        ["swap", from, to, name] => room.write(name, room.text(name).replace(from, to)),
        ["cut", name] => {
            let bytes = room.bytes(name);
            room.write(name, &bytes[..bytes.len() / 2]);
        }
        ["flip", name] => {
            let mut bytes = room.bytes(name);
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            room.write(name, bytes);
        }
        ["text", name, ref words @ ..] => room.write(name, words.join(" ")),
        ref words => panic!("no such step: {words:?}"),
    }
}

/// Checks one line of the table; what is wrong with it, if anything is.
fn check(case: &str) -> Result<(), String> {
    let columns: Vec<&str> = case.split('|').map(str::trim).collect();
    let [setup, args, code, error, hint] = *columns else {
        panic!("five columns: {case}")
    };
    let room = Room::new();
    setup.split(';').for_each(|step| furnish(&room, step));
    let before = room.tree();
    let ran = room.run(&args.split_whitespace().collect::<Vec<_>>());
    let code: i32 = code.parse().expect("an exit code");
    let wrong = |what: &str| Err(format!("{args}\n  {what}\n{}", ran.stderr));
    if ran.code != Some(code) {
        return wrong(&format!("exit code {:?}, expected {code}", ran.code));
    }
    if ["panicked", "backtrace"]
        .iter()
        .any(|word| ran.stderr.contains(word))
    {
        return wrong("a panic");
    }
    let errors = ran.lines("error: ");
    if errors.len() != 1 || !says(errors[0], error) {
        return wrong(&format!("expected one error: {error}"));
    }
    let hints = ran.lines("hint: ");
    if !hint.is_empty() && (hints.len() != 1 || !says(hints[0], hint)) {
        return wrong(&format!("expected one hint: {hint}"));
    }
    if told_twice(&ran) {
        return wrong("the system's message stands there twice");
    }
    if room.tree() != before {
        return wrong("files were written or changed");
    }
    Ok(())
}

/// Whether a message holds the words, or after `=` is these words.
fn says(message: &str, words: &str) -> bool {
    let message = message
        .split('`')
        .map(|part| part.split(' ').map(masked).collect::<Vec<_>>().join(" "))
        .collect::<Vec<_>>()
        .join("`");
    match words.strip_prefix('=') {
        Some(exact) => message == exact,
        None => message.contains(words),
    }
}

/// `SUM` in place of a SHA-256.
fn masked(word: &str) -> String {
    let digits = word.trim_end_matches(',');
    let is_sum = digits.len() == 64 && digits.chars().all(|c| c.is_ascii_hexdigit());
    if is_sum {
        word.replace(digits, "SUM")
    } else {
        word.to_owned()
    }
}

fn told_twice(ran: &Ran) -> bool {
    ran.stderr.matches("(os error").count() > 1
}

#[test]
fn whatever_is_refused_is_refused_with_one_error_and_leaves_everything_as_it_was() {
    let cases: Vec<&str> = CASES.lines().filter(|line| !line.is_empty()).collect();
    assert!(cases.len() >= 45);
    let wrong: Vec<String> = cases.iter().filter_map(|case| check(case).err()).collect();
    let (failed, all) = (wrong.len(), cases.len());
    assert!(wrong.is_empty(), "{failed} of {all}:\n{}", wrong.join("\n"));
}
