//! The number of threads changes how long a training takes, and not one bit of its result.

use crate::program::{Room, npy, ran};

/// Pictures large enough for several threads to share the work on them.
fn pictures() -> Vec<u8> {
    // Always the same ones (Knuth's MMIX generator).
    let mut state = 1_u64;
    let pixels = std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    });
    npy(
        "|u1",
        "(60, 20, 24)",
        &pixels.take(60 * 20 * 24).collect::<Vec<u8>>(),
    )
}

#[test]
fn one_two_and_three_threads_train_the_same_weights() {
    let room = Room::new();
    room.write("pictures.npy", pictures());
    let models = [
        "--model vae --layers 300 --latent 2",
        "--model ae --layers 60 --latent 8 --augment shift:.2,rotate:20,flip,cutout:6,mixup:.4 --ema .9 --schedule one-cycle",
        "--model dae --conv 6,pool,5,pool/5,up,6,up,1 --latent 0 --noise gaussian:0.1",
    ];
    for (index, model) in models.iter().enumerate() {
        let weights = ["1", "2", "3"].map(|threads| {
            let name = format!("{index}-{threads}");
            let args = format!("train pictures.npy {model} --batch-size 25 --epochs 3 --device cpu --no-figures --name {name}");
            let args: Vec<&str> = args.split_whitespace().collect();
            ran(room.command(&args).env("RAYON_NUM_THREADS", threads)).ok();
            room.bytes(&format!("runs/{name}/checkpoints/last/model.safetensors"))
        });
        assert!(
            weights[0] == weights[1] && weights[1] == weights[2],
            "{model}"
        );
    }
}
