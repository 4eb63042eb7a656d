//! What `espejo train` takes where nothing is said: by the data, printed, saved and repeated by the run's own configuration.

use std::fs;

use toml::Table;

use crate::program::Room;

/// A folder of so many colour images of one size, no two alike.
fn photos(room: &Room, count: u8, [height, width]: [u8; 2]) {
    fs::create_dir_all(room.path("photos")).expect("a folder");
    for number in 0..count {
        let places = (0..height).flat_map(|y| (0..width).map(move |x| [number * 7, x, y]));
        let mut bytes = format!("P6 {width} {height} 255\n").into_bytes();
        bytes.extend(places.flatten());
        let path = room.path(&format!("photos/{number:03}.ppm"));
        fs::write(path, bytes).expect("it is written");
    }
}

/// A table of so many rows of three columns.
fn table(room: &Room, rows: usize) {
    let line = |row: usize| format!("{},{},{}\n", row, row * row % 17, row % 5);
    let lines: String = (0..rows).map(line).collect();
    room.write("rows.csv", format!("a,b,c\n{lines}"));
}

/// What would be trained.
fn printed(room: &Room, args: &str) -> Table {
    let args = [
        &["train", "--print-config"],
        &*Vec::from_iter(args.split(' ')),
    ]
    .concat();
    let text = room.run(&args).ok().stdout;
    text.parse().expect("TOML")
}

/// Checks keys of a configuration, each as `section.key = value`.
#[track_caller]
fn check(config: &Table, expected: &str) {
    for line in expected
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        let (path, value) = line.split_once(" = ").expect("an assignment");
        let (section, key) = path.split_once('.').expect("a section");
        let found = config[section].get(key).map(ToString::to_string);
        assert_eq!(found.as_deref().unwrap_or("-"), value, "{path}");
    }
}

#[test]
fn a_small_table_is_trained_in_steps_not_in_epochs() {
    let room = Room::new();
    table(&room, 400);
    // 320 rows to learn from: batches of 32, 10 steps an epoch.
    let config = printed(&room, "rows.csv --test-fraction .2");
    check(
        &config,
        "train.batch_size = 32
        train.epochs = 100
        train.patience = 0
        train.learning_rate = 0.01
        train.schedule = \"cosine\"
        model.layers = [16]",
    );
}

#[test]
fn what_is_given_stands_and_presets_stand_whole() {
    let room = Room::new();
    table(&room, 100);
    let given = "rows.csv --epochs 7 --batch-size 50 --lr .5 --layers 9 --schedule step";
    check(
        &printed(&room, given),
        "train.epochs = 7
        train.batch_size = 50
        train.learning_rate = 0.5
        train.schedule = \"step\"
        train.patience = 0
        model.layers = [9]",
    );
    check(
        &printed(&room, "table --data rows.csv"),
        "train.epochs = 100
        train.batch_size = 128
        train.learning_rate = 0.003
        model.layers = [12]",
    );
    // The fonts have presets of their own, whose numbers are in the documents.
    let [bare, letters] = ["fonts", "letters"].map(|name| printed(&room, name));
    assert_eq!(bare, letters);
}

#[test]
fn a_size_of_new_data_crops_and_one_of_a_preset_stretches() {
    let room = Room::new();
    photos(&room, 4, [20, 40]);
    let fit = |args: &str, expected: &str| {
        check(&printed(&room, args), &format!("data.fit = {expected}"))
    };
    fit("photos --size 10x10", "\"crop\"");
    fit("pictures --data photos --size 10x10", "\"crop\"");
    fit("photos --size 10x10 --fit pad", "\"pad\"");
    fit("photos --size 10x10 --fit stretch", "-");
    fit("photos", "-");
    fit("s8", "-");
    fit("s8 --size 20x20", "-");
    room.write("old.toml", "[data]\nname = \"yale\"\nsize = \"50x37\"\n");
    fit("--config old.toml", "-");
    let refused = room.run(&["train", "photos", "--fit", "pad"]).failed(2);
    assert!(
        refused.lines("hint: ")[0].contains("--size 64x64"),
        "{refused:?}"
    );
}

#[test]
fn the_configuration_that_was_decided_by_the_data_repeats_the_run() {
    let room = Room::new();
    table(&room, 60);
    let args = ["--device", "cpu", "--no-figures", "--set", "train.seed=3"];
    let train = |words: &[&str]| room.run(&[&["train"], words, &args[..]].concat()).ok();
    let printed = printed(&room, "rows.csv --seed 3 --device cpu");
    train(&["rows.csv", "--name", "one"]);
    let saved: Table = room.text("runs/one/config.toml").parse().expect("TOML");
    assert_eq!(saved, printed);
    train(&["--config", "runs/one/config.toml", "--name", "two"]);
    let [one, two] = ["one", "two"]
        .map(|run| room.bytes(&format!("runs/{run}/checkpoints/best/model.safetensors")));
    assert!(one == two, "the same weights");
}

#[test]
fn images_from_32_pixels_on_have_convolutions_unless_layers_are_given() {
    let room = Room::new();
    photos(&room, 20, [32, 40]);
    let conv = |args: &str| printed(&room, args)["model"].get("conv").is_some();
    assert!(conv("photos"));
    assert!(conv("photos --model vae --latent 4"));
    assert!(!conv("photos --layers 64"));
    assert!(!conv("photos --size 31x40"));
    assert!(!conv("photos --permute"));
    assert!(!conv("photos --optimizer lbfgs"));
    assert!(!conv("pictures --data photos"));
}
