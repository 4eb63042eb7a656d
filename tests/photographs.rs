//! Colour photographs and what is done to them while training: a made-up CIFAR-100 in the official format, seen from outside.

use std::fs;

use crate::program::{Ran, Room, npy};

/// Records of CIFAR-100: a coarse and a fine label, then three planes of 32x32; every class has its colour, every record its stripe.
fn records(count: usize) -> Vec<u8> {
    let record = |index: usize| {
        let fine = index % 100;
        let mut record = vec![(fine % 20) as u8, fine as u8];
        for channel in 0..3 {
            let shade = fine * (channel + 2) * 37 % 200;
            let pixel = |place: usize| (shade + 50 * usize::from(place % 32 == index % 32)) as u8;
            record.extend((0..1024).map(pixel));
        }
        record
    };
    (0..count).flat_map(record).collect()
}

/// A room whose data directory has such a set.
fn room() -> Room {
    let room = Room::new();
    let folder = room.path("data/cifar-100-binary");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("train.bin"), records(200)).expect("written");
    fs::write(folder.join("test.bin"), records(100)).expect("written");
    room
}

fn run(room: &Room, line: &str) -> Ran {
    room.run(&line.split_whitespace().collect::<Vec<_>>())
}

#[test]
fn the_nets_of_exercise_10_have_the_counts_of_the_document() {
    let room = room();
    for (preset, parameters, non_trainable) in [
        ("s36-alexnet", 5_744_964, 4_800),
        ("s36-vgg", 5_799_440, 4_486),
    ] {
        let line = format!("train {preset} --data-dir data --dry-run --json");
        let json = run(&room, &line).ok().json();
        assert_eq!(json["model"]["parameters"], parameters, "{json}");
        assert_eq!(json["model"]["non_trainable"], non_trainable, "{json}");
        assert_eq!(json["data"]["train"], 200, "{json}");
    }
}

#[test]
fn a_net_of_a_hundred_classes_is_trained_and_used() {
    let room = room();
    let line = "train s36-alexnet --data-dir data --conv 4,pool,bn --layers 8 --epochs 2 --device cpu --name run --warmup 1 \
                --schedule cosine --label-smoothing .1 --ema .9 --augment shift:.1,rotate:10,flip,cutout:8,mixup:.2 --json";
    let report = run(&room, line).ok().json();
    let classes = report["data"]["target"]["classes"].as_array();
    let classes = classes.expect("a list");
    assert_eq!(
        (classes.len(), &classes[0], &classes[99]),
        (100, &"apple".into(), &"worm".into())
    );
    assert!(room.path("runs/run/figures/augmented.png").is_file());
    let toml = room.text("runs/run/config.toml");
    for line in [
        "label_smoothing = 0.1",
        "ema = 0.9",
        "warmup = 1",
        "cutout = 8",
        "mixup = 0.2",
    ] {
        assert!(toml.lines().any(|found| found == line), "{line}: {toml}");
    }
    // The averaged weights are what is used, and training goes on from others.
    let last = |name: &str| room.bytes(&format!("runs/run/checkpoints/last/{name}.safetensors"));
    assert_ne!(last("model"), last("trained"));
    let evaluated = run(&room, "eval run --json").ok().json();
    assert_eq!(
        evaluated["metrics"]["loss"],
        report["metrics"]["test"]["loss"]
    );
    let again = "train --config runs/run/config.toml --name again --json";
    let again = run(&room, again).ok().json();
    assert_eq!(again["metrics"], report["metrics"]);
}

#[test]
fn coarse_labels_are_twenty() {
    let room = room();
    let line = "train s36-alexnet --data-dir data --label coarse --dry-run --json";
    let json = run(&room, line).ok().json();
    let classes = json["data"]["target"]["classes"].as_array();
    let classes = classes.expect("a list");
    assert_eq!(
        (classes.len(), &classes[0]),
        (20, &"aquatic_mammals".into())
    );
}

#[test]
fn an_augmentation_that_is_none_or_has_no_images_is_refused() {
    let room = room();
    room.write("table.csv", "a,b,c\n1,2,x\n2,3,y\n3,4,x\n5,4,y\n");
    room.write("images.npy", npy("|u1", "(4, 6, 6)", &[7; 144]));
    for (line, message) in [
        (
            "train table.csv --augment flip",
            "`augment` is for images, and this is a table",
        ),
        (
            "train images.npy --augment flop",
            "`--augment flop`: `flop` is no change of an image",
        ),
        (
            "train images.npy --augment shift:2",
            "`augment.shift` is 2, expected a part of the image, 0 or more and under 1",
        ),
        (
            "train images.npy --augment cutout:6",
            "`augment.cutout` is 6, expected fewer pixels than the 6 of a side of these images",
        ),
        (
            "train images.npy --permute --augment flip",
            "`augment` moves pixels to their neighbours, and `data.permute` has moved these away",
        ),
        (
            "train --optimizer bfgs --augment flip",
            "`augment` is for training in single precision",
        ),
        (
            "train --label-smoothing .1",
            "`objective.label_smoothing` is for classifiers, and this model has no classes",
        ),
        (
            "train --ema 1",
            "`train.ema` is 1, expected 0 or more and under 1",
        ),
        (
            "train --epochs 3 --warmup 4",
            "`train.warmup` is 4, longer than the 3 epochs of the training",
        ),
        (
            "train --schedule one-cycle --warmup 1",
            "`train.warmup` stands before schedule `one-cycle`, which has a warm-up of its own",
        ),
        (
            "train --optimizer bfgs --ema .9",
            "`train.ema` is for single precision, and `bfgs` trains in double",
        ),
    ] {
        let ran = run(&room, line).failed(2);
        let expected = format!("error: {message}\n");
        assert!(ran.stderr.contains(&expected), "{line}: {}", ran.stderr);
    }
}

#[test]
fn a_missing_set_is_named_with_what_fetches_it() {
    let room = Room::new();
    fs::create_dir(room.path("data")).expect("a folder");
    let mut command = room.command(&["reproduce", "S36", "--quick"]);
    let ran = crate::program::ran(command.env("ESPEJO_DATA", room.path("data"))).failed(3);
    assert!(
        ran.stderr.contains("`cifar100` is not in"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("espejo data fetch cifar100"),
        "{}",
        ran.stderr
    );
}
